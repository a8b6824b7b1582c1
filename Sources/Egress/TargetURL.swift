// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a text is no URL that a webhook can have.
package enum TargetURLError: Error, Sendable, Hashable, CaseIterable {
    case tooLong, badCharacter, badEscape, badScheme, missingHost, userInfo, fragment, badHost, oddAddress, badPort
    case closedPort

    /// One sentence that quotes nothing of the URL.
    package var message: String {
        switch self {
        case .tooLong: "the URL is longer than \(EgressLimits.urlBytes) bytes"
        case .badCharacter: "the URL has characters that must be percent-encoded"
        case .badEscape: "the URL has a % that is not followed by two hexadecimal digits"
        case .badScheme: "the URL must begin with https:// or http://"
        case .missingHost: "the URL names no host"
        case .userInfo: "the URL must not carry a user name or password"
        case .fragment: "the URL must not have a fragment"
        case .badHost: "the host in the URL is neither a DNS name nor an IP address"
        case .oddAddress: "the IP address in the URL must be written as four decimal numbers"
        case .badPort: "the port in the URL must be a number from 1 to 65535"
        case .closedPort: "the port in the URL belongs to another protocol"
        }
    }
}

/// An absolute `http` or `https` URL, read strictly, so that no two readers see different hosts in it.
package struct TargetURL: Sendable, Hashable {
    /// How to talk to the host.
    package enum Scheme: String, Sendable {
        case http, https
    }

    /// Who to talk to.
    package enum Host: Sendable, Hashable {
        /// A DNS name in lower case.
        case name(String)
        /// An address, never a v4-mapped one.
        case address(IPAddress)
    }

    /// The URL as given.
    package let text: String
    /// How to talk to the host.
    package let scheme: Scheme
    /// Who to talk to.
    package let host: Host
    /// Given, or that of the scheme.
    package let port: Int
    /// Path and query as given, `/` when there is no path.
    package let target: String

    /// Reads a URL.
    package static func parse(_ text: String) -> Result<TargetURL, TargetURLError> {
        Result { () throws(TargetURLError) in try TargetURL(parsing: text) }
    }

    /// The scheme, the host and the port, for messages: nothing of it is secret.
    package var origin: String { "\(self.scheme.rawValue)://\(self.authority)" }

    /// Host and port as they stand in a URL and in the header `Host`; the scheme's own port is left out.
    var authority: String {
        let usual = self.scheme == .https ? 443 : 80
        return self.port == usual ? self.hostText : "\(self.hostText):\(self.port)"
    }

    private var hostText: String {
        switch self.host {
        case .name(let name): name
        case .address(.v4(let value)): "\(IPAddress.v4(value))"
        case .address(.v6(let value)): "[\(IPAddress.v6(value))]"
        }
    }

    private init(parsing text: String) throws(TargetURLError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= EgressLimits.urlBytes else { throw .tooLong }
        try Self.checkCharacters(bytes)
        let (scheme, rest) = try Self.scheme(bytes)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains(UInt8(ascii: "@")) else { throw .userInfo }
        let (host, port) = try Self.split(authority)
        self.text = text
        self.scheme = scheme
        self.host = try Self.host(host)
        self.port = try Self.port(port) ?? (scheme == .https ? 443 : 80)
        guard !EgressLimits.closedPorts.contains(self.port) else { throw .closedPort }
        // Brackets are for addresses alone.
        guard !rest[end...].contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }) else {
            throw .badCharacter
        }
        let target = String(decoding: rest[end...], as: UTF8.self)
        self.target = target.hasPrefix("/") ? target : "/" + target
    }

    /// Only what RFC 3986 lets stand in a URL, so that what is sent is what was given.
    private static func checkCharacters(_ bytes: [UInt8]) throws(TargetURLError) {
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "#"): throw .fragment
            case UInt8(ascii: "%"):
                guard index + 2 < bytes.count, bytes[index + 1].hexadecimalDigit != nil,
                    bytes[index + 2].hexadecimalDigit != nil
                else { throw .badEscape }
            case 48...57, 65...90, 97...122: continue
            default: guard Self.others.contains(byte) else { throw .badCharacter }
            }
        }
    }

    private static let others = Set("-._~:/?[]@!$&'()*+,;=".utf8)

    private static func scheme(_ bytes: [UInt8]) throws(TargetURLError) -> (Scheme, ArraySlice<UInt8>) {
        let mark = Array("://".utf8)
        guard let colon = bytes.firstIndex(of: mark[0]), bytes[colon...].starts(with: mark) else { throw .badScheme }
        guard let scheme = Scheme(rawValue: String(decoding: bytes[..<colon], as: UTF8.self).lowercased()) else {
            throw .badScheme
        }
        return (scheme, bytes[(colon + mark.count)...])
    }

    /// Host with its brackets, and what follows the colon.
    private static func split(
        _ authority: ArraySlice<UInt8>
    ) throws(TargetURLError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?) {
        var after = authority.startIndex
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .badHost }
            after = close + 1
        } else {
            after = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        }
        guard after < authority.endIndex else { return (authority, nil) }
        guard authority[after] == UInt8(ascii: ":") else { throw .badHost }
        return (authority[..<after], authority[(after + 1)...])
    }

    private static func port(_ digits: ArraySlice<UInt8>?) throws(TargetURLError) -> Int? {
        guard let digits else { return nil }
        guard 1...5 ~= digits.count, digits.first != 48, digits.allSatisfy({ 48...57 ~= $0 }) else { throw .badPort }
        let port = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        guard port <= 65_535 else { throw .badPort }
        return port
    }

    private static func host(_ bytes: ArraySlice<UInt8>) throws(TargetURLError) -> Host {
        guard let first = bytes.first else { throw .missingHost }
        let text = String(decoding: bytes, as: UTF8.self)
        if first == UInt8(ascii: "[") {
            guard let address = IPAddress(text.dropFirst().dropLast()), case .v6 = address else { throw .badHost }
            // A v4-mapped address is connected to as what it stands for.
            return .address(address.unmapped)
        }
        if let address = IPAddress(text) { return .address(address) }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // Resolvers take such hosts for addresses, in decimal, octal or hexadecimal, of one to four parts.
        guard let last = labels.last(where: { !$0.isEmpty }), !self.isNumber(last) else { throw .oddAddress }
        guard bytes.count <= 253, labels.allSatisfy(self.isLabel) else { throw .badHost }
        return .name(text.lowercased())
    }

    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy({ 48...57 ~= $0 }) { return true }
        let lowered = label.map { $0 | 0x20 }
        return lowered.starts(with: "0x".utf8) && lowered.dropFirst(2).allSatisfy { $0.hexadecimalDigit != nil }
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard 1...63 ~= label.count, label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
            return false
        }
        return label.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
