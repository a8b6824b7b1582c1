// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Where Redis is, how to log in, and how patient the client is.
package struct RedisConfiguration: Sendable {
    /// The address of the server.
    package enum Endpoint: Sendable, Hashable {
        /// A host name or IP address, and a port.
        case tcp(host: String, port: Int)
        /// The path of a local socket.
        case unix(path: String)
    }

    /// How to reach the server through TLS. The certificate and the host name are always verified.
    package struct TLS: Sendable, Hashable {
        /// A PEM file with the authorities to trust instead of the system's, or nil.
        package var caFile: String?
        /// The name to ask for and to verify instead of the host of the URL, or nil. A trusted certificate for the very
        /// IP address that is connected to is accepted as well.
        package var serverName: String?

        /// Trusts the system's authorities and verifies the host of the URL unless told otherwise.
        package init(caFile: String? = nil, serverName: String? = nil) {
            self.caFile = caFile
            self.serverName = serverName
        }
    }

    /// The address of the server.
    package var endpoint: Endpoint
    /// The user to log in as, or nil for the default user.
    package var user: String?
    /// The password, or nil to send no AUTH. Never shown by any description.
    package var password: String?
    /// The number of the logical database.
    package var database: Int = 0
    /// TLS settings, or nil for a plain connection. Not for local sockets.
    package var tls: TLS?

    /// How long a connection may take to open, name resolution included.
    package var connectTimeout: Duration = .milliseconds(300)
    /// How long a call may wait for its reply, counted from the moment it is handed over.
    package var commandTimeout: Duration = .milliseconds(1000)
    /// How long a call may wait for a connection while there is none; never longer than ``commandTimeout``.
    package var connectionWait: Duration = .milliseconds(150)
    /// The most calls one connection holds, in flight and waiting together.
    package var pendingLimit: Int = 10_000
    /// The ceiling of the random delay before the second attempt to connect; the first is made at once.
    package var backoffFloor: Duration = .milliseconds(10)
    /// The highest ceiling of the random delay between attempts to connect.
    package var backoffCeiling: Duration = .milliseconds(500)

    /// A plain connection without login to database 0, with the default patience.
    package init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address as a URL, with `***` for the password.
    package var description: String {
        let login = self.password == nil ? "" : "\(self.user ?? ""):***@"
        return switch self.endpoint {
        case .tcp(let host, let port):
            "\(self.tls == nil ? "redis" : "rediss")://\(login)\(host.contains(":") ? "[\(host)]" : host):\(port)"
                + "/\(self.database)"
        case .unix(let path):
            "unix://\(login)\(path)?db=\(self.database)"
        }
    }

    /// The same as ``description``: a debugger or `dump` must not show the password either.
    package var debugDescription: String { self.description }

    /// Shows the address only.
    package var customMirror: Mirror { Mirror(self, children: ["url": self.description]) }
}
