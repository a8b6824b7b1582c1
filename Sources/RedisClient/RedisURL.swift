// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a Redis URL was not accepted. No message repeats a part of the URL that could hold a password.
package struct RedisURLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Sendable, Hashable, CaseIterable {
        case unknownScheme, missingHost, badHost, badPort, badDatabase, badEscape, missingPath, relativePath
        case pathTooLong, badQuery, misplacedAt, userWithoutPassword, emptyPassword, fragment
    }

    /// What is wrong.
    package let reason: Reason

    /// One sentence for the operator.
    package var description: String {
        switch self.reason {
        case .unknownScheme: "the Redis URL must begin with redis://, rediss:// or unix://"
        case .missingHost: "the Redis URL names no host"
        case .badHost: "the host in the Redis URL has characters that no host name has"
        case .badPort: "the port in the Redis URL must be a number from 1 to 65535"
        case .badDatabase: "the database in the Redis URL must be a number from 0 to 65535"
        case .badEscape: "the Redis URL has a % that is not followed by two hexadecimal digits, or escapes bad UTF-8"
        case .missingPath: "the Redis URL names no socket path after unix://"
        case .relativePath: "the socket path in the Redis URL must be absolute: unix:///path"
        case .pathTooLong:
            "the socket path in the Redis URL is longer than the system allows (\(RedisURL.maximumPath) bytes)"
        case .badQuery: "the Redis URL takes no query, except ?db=number after a socket path"
        case .misplacedAt: "the Redis URL has an @ after the host: write / in a password as %2F and @ as %40"
        case .userWithoutPassword: "the Redis URL has a user without a password: write user:password@"
        case .emptyPassword: "the password in the Redis URL is empty"
        case .fragment: "the Redis URL must not contain #: write it as %23 in a password"
        }
    }
}

extension RedisConfiguration {
    /// Reads `redis://[user:password@]host[:port][/db]`, the same with `rediss://` for TLS, or
    /// `unix://[user:password@]/path[?db=number]`. User, password and path may be percent-encoded.
    package init(url: String) throws(RedisURLError) {
        self = try RedisURL.parse(Array(url.utf8))
    }
}

/// The grammar of Redis URLs, on bytes.
enum RedisURL {
    /// One byte less than `sun_path` holds, on the stricter of the systems we run on.
    static let maximumPath = 103

    private static let defaultPort = 6379

    static func parse(_ url: [UInt8]) throws(RedisURLError) -> RedisConfiguration {
        guard !url.contains(UInt8(ascii: "#")) else { throw RedisURLError(reason: .fragment) }
        for (scheme, isTLS) in [("redis://", false), ("rediss://", true)] where url.starts(with: scheme.utf8) {
            return try self.network(url.dropFirst(scheme.utf8.count), isTLS: isTLS)
        }
        guard url.starts(with: "unix://".utf8) else { throw RedisURLError(reason: .unknownScheme) }
        return try self.socket(url.dropFirst("unix://".utf8.count))
    }

    private static func network(_ rest: ArraySlice<UInt8>, isTLS: Bool) throws(RedisURLError) -> RedisConfiguration {
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        var path = rest.dropFirst(authority.count)
        guard !path.contains(UInt8(ascii: "@")) else { throw RedisURLError(reason: .misplacedAt) }
        guard !path.contains(UInt8(ascii: "?")) else { throw RedisURLError(reason: .badQuery) }
        let (login, address) = self.split(authority)
        let (host, port) = try self.hostAndPort(address)
        var configuration = RedisConfiguration(endpoint: .tcp(host: host, port: port))
        configuration.tls = isTLS ? .init() : nil
        try self.apply(login, to: &configuration)
        path = path.dropFirst()
        if !path.isEmpty { configuration.database = try self.number(path, in: 0...65535, else: .badDatabase) }
        return configuration
    }

    private static func socket(_ rest: ArraySlice<UInt8>) throws(RedisURLError) -> RedisConfiguration {
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        let (login, host) = self.split(authority)
        guard !rest.isEmpty else { throw RedisURLError(reason: .missingPath) }
        guard host.isEmpty else { throw RedisURLError(reason: .relativePath) }
        let tail = rest.dropFirst(authority.count)
        let rawPath = tail.prefix { $0 != UInt8(ascii: "?") }
        let path = try self.unescape(rawPath)
        guard path.utf8.count > 1 else { throw RedisURLError(reason: .missingPath) }
        guard path.utf8.count <= self.maximumPath else { throw RedisURLError(reason: .pathTooLong) }
        var configuration = RedisConfiguration(endpoint: .unix(path: path))
        try self.apply(login, to: &configuration)
        let query = tail.dropFirst(rawPath.count)
        if !query.isEmpty {
            guard query.starts(with: "?db=".utf8) else { throw RedisURLError(reason: .badQuery) }
            configuration.database = try self.number(query.dropFirst(4), in: 0...65535, else: .badDatabase)
        }
        return configuration
    }

    /// Splits `login@address`; the login is nil without an `@`.
    private static func split(_ authority: ArraySlice<UInt8>) -> (login: ArraySlice<UInt8>?, address: ArraySlice<UInt8>)
    {
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return (nil, authority) }
        return (authority[..<at], authority[(at + 1)...])
    }

    private static func apply(
        _ login: ArraySlice<UInt8>?,
        to configuration: inout RedisConfiguration
    ) throws(RedisURLError) {
        guard let login, !login.isEmpty else { return }
        guard let colon = login.firstIndex(of: UInt8(ascii: ":")) else {
            throw RedisURLError(reason: .userWithoutPassword)
        }
        let user = try self.unescape(login[..<colon])
        let password = try self.unescape(login[(colon + 1)...])
        guard !password.isEmpty else { throw RedisURLError(reason: .emptyPassword) }
        configuration.user = user.isEmpty ? nil : user
        configuration.password = password
    }

    private static func hostAndPort(_ address: ArraySlice<UInt8>) throws(RedisURLError) -> (String, Int) {
        let host: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if address.first == UInt8(ascii: "[") {
            guard let end = address.firstIndex(of: UInt8(ascii: "]")) else { throw RedisURLError(reason: .badHost) }
            host = address[(address.startIndex + 1)..<end]
            rest = address[(end + 1)...]
            guard host.allSatisfy(self.isIPv6Character) else { throw RedisURLError(reason: .badHost) }
        } else {
            host = address.prefix { $0 != UInt8(ascii: ":") }
            rest = address.dropFirst(host.count)
            guard host.allSatisfy(self.isHostCharacter) else { throw RedisURLError(reason: .badHost) }
        }
        guard !host.isEmpty else { throw RedisURLError(reason: .missingHost) }
        let name = String(decoding: host, as: UTF8.self)
        if rest.isEmpty { return (name, self.defaultPort) }
        guard rest.first == UInt8(ascii: ":") else { throw RedisURLError(reason: .badHost) }
        return (name, try self.number(rest.dropFirst(), in: 1...65535, else: .badPort))
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv6Character(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%") || self.isHostCharacter(byte)
    }

    private static func number(
        _ digits: ArraySlice<UInt8>,
        in range: ClosedRange<Int>,
        else reason: RedisURLError.Reason
    ) throws(RedisURLError) -> Int {
        let isPlain = (1...5).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
        guard isPlain, let value = Int(String(decoding: digits, as: UTF8.self)), range.contains(value) else {
            throw RedisURLError(reason: reason)
        }
        return value
    }

    private static func unescape(_ text: ArraySlice<UInt8>) throws(RedisURLError) -> String {
        var bytes: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "%") else {
                bytes.append(text[index])
                index += 1
                continue
            }
            let digits = text[(index + 1)...].prefix(2)
            let isHex = digits.count == 2 && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
            guard isHex, let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), byte != 0 else {
                throw RedisURLError(reason: .badEscape)
            }
            bytes.append(byte)
            index += 3
        }
        guard let string = String(validating: bytes, as: UTF8.self) else { throw RedisURLError(reason: .badEscape) }
        return string
    }
}
