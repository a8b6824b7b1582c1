// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The ranges that no webhook reaches unless the operator opens them: everything that is not the public internet.
package enum ClosedRanges {
    /// A range and what it is for.
    package struct Entry: Sendable {
        /// The addresses.
        package let range: CIDRRange
        /// Their purpose in a few words.
        package let purpose: String
    }

    private static let texts: [(String, String)] = [
        ("0.0.0.0/8", "this host"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"), ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relays"), ("192.168.0.0/16", "private"), ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"), ("203.0.113.0/24", "documentation"), ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, broadcast"), ("168.63.129.16/32", "metadata of a cloud"),
        ("::/128", "unspecified"), ("::1/128", "loopback"), ("64:ff9b::/96", "NAT64"), ("64:ff9b:1::/48", "NAT64"),
        ("100::/64", "discard-only"), ("2001::/23", "protocol assignments"), ("::ffff:0:0:0/96", "IPv4-translated"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"), ("2001:db8::/32", "documentation"),
        ("fc00::/7", "unique local"), ("fe80::/10", "link-local"), ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    ]

    /// All of them.
    package static let all: [Entry] = entries(texts)

    /// Those that no setting opens: a machine's own cloud hands out its credentials there.
    package static let neverOpened: [Entry] = entries([
        ("169.254.0.0/16", "link-local"), ("100.100.100.200/32", "metadata of a cloud"),
        ("168.63.129.16/32", "metadata of a cloud"), ("fe80::/10", "link-local"),
        ("fd00:ec2::/32", "metadata of a cloud"),
    ])

    private static func entries(_ texts: [(String, String)]) -> [Entry] {
        texts.compactMap { text, purpose in CIDRRange(text).map { Entry(range: $0, purpose: purpose) } }
    }
}

extension IPAddress {
    private static let sixToFour = CIDRRange("2002::/16")
    private static let compatible = CIDRRange("::/96")
    private static let translated = CIDRRange("64:ff9b::/96")

    /// The IPv4 address inside an IPv6 one that some gateway or system would connect to: v4-mapped, v4-compatible,
    /// 6to4, NAT64.
    var inner: IPAddress? {
        guard case .v6(let value) = self else { return nil }
        if self.unmapped != self { return self.unmapped }
        if Self.sixToFour?.contains(self) == true { return .v4(UInt32(truncatingIfNeeded: value >> 80)) }
        // The unspecified address and loopback are in ::/96 too, and no IPv4 address in disguise.
        let isIn = value > 1 && Self.compatible?.contains(self) == true || Self.translated?.contains(self) == true
        return isIn ? .v4(UInt32(truncatingIfNeeded: value)) : nil
    }
}
