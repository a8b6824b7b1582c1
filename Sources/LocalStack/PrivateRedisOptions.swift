// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// How a private Redis is set up. The default keeps nothing on disk and listens on a local socket only.
package struct PrivateRedisOptions: Sendable {
    /// What survives the death of the server.
    package enum Persistence: String, Sendable {
        /// Nothing.
        case none
        /// All but about the last second, after a loss of power.
        case everySecond = "everysec"
        /// Everything that was acknowledged.
        case always
    }

    /// The files of a TLS listener, in PEM.
    package struct TLS: Sendable {
        package var certificate: String
        package var key: String
        package var authority: String

        package init(certificate: String, key: String, authority: String) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    /// What survives the death of the server.
    package var persistence = Persistence.none
    /// Whether to listen on a port of the loopback interface too.
    package var listensOnTCP = false
    /// Whether to listen on another port with TLS.
    package var tls: TLS?
    /// The password of the default user.
    package var password: String?
    /// Further users, each as the words after `user` in the configuration file.
    package var users: [String] = []
    /// Further lines of the configuration file.
    package var directives: [String] = []
    /// The name or path of the server program.
    package var program = "redis-server"

    package init() {}

    /// The text of the configuration file.
    func configuration(directory: String, socket: String, tcpPort: Int?, tlsPort: Int?) -> String {
        var lines = [
            "bind 127.0.0.1",
            "port \(tcpPort ?? 0)",
            "unixsocket \(Self.quoted(socket))",
            "unixsocketperm 700",
            "dir \(Self.quoted(directory))",
            "daemonize no",
            "save \"\"",
            "appendonly \(self.persistence == .none ? "no" : "yes")",
            "appendfsync \(self.persistence == .none ? "no" : self.persistence.rawValue)",
            "maxmemory-policy noeviction",
            "loglevel warning",
            "shutdown-timeout 1",
        ]
        if let tls, let tlsPort {
            lines += [
                "tls-port \(tlsPort)",
                "tls-cert-file \(Self.quoted(tls.certificate))",
                "tls-key-file \(Self.quoted(tls.key))",
                "tls-ca-cert-file \(Self.quoted(tls.authority))",
                "tls-auth-clients no",
            ]
        }
        if let password { lines.append("requirepass \(Self.quoted(password))") }
        lines += self.users.map { "user \($0)" } + self.directives
        return lines.joined(separator: "\n") + "\n"
    }

    /// A word of the configuration file, in the quoting that Redis reads: two hexadecimal digits for unusual bytes.
    private static func quoted(_ text: String) -> String {
        let escaped = text.utf8.map { byte in
            let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            if isPlain { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16)
            return "\\x" + (digits.count == 1 ? "0" : "") + digits
        }
        return "\"\(escaped.joined())\""
    }
}
