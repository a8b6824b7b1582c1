// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A range of addresses: all that begin with the same bits.
package struct CIDRRange: Sendable, Hashable, CustomStringConvertible {
    /// The lowest address of the range.
    package let base: IPAddress
    /// How many bits all addresses have in common.
    package let prefixLength: Int

    /// Reads `10.0.0.0/8` or `fc00::/7`. Bits beyond the prefix are ignored; a v4-mapped range is the IPv4 range it
    /// stands for.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]) else { return nil }
        guard let length = Self.length(Array(parts[1].utf8)) else { return nil }
        self.init(address, length)
    }

    /// The range of the first `prefixLength` bits of an address; nil when the address has fewer.
    package init?(_ address: IPAddress, _ prefixLength: Int) {
        switch address {
        case .v4(let value):
            guard 0...32 ~= prefixLength else { return nil }
            self.base = .v4(value & Self.mask(prefixLength))
            self.prefixLength = prefixLength
        case .v6(let value):
            guard 0...128 ~= prefixLength else { return nil }
            let isMapped = prefixLength >= 96 && value >> 32 == 0xffff
            let low = UInt32(truncatingIfNeeded: value)
            self.base = isMapped ? .v4(low & Self.mask(prefixLength - 96)) : .v6(value & Self.mask(prefixLength))
            self.prefixLength = isMapped ? prefixLength - 96 : prefixLength
        }
    }

    /// Whether the address is in the range. An IPv4 range holds the v4-mapped IPv6 addresses too.
    package func contains(_ address: IPAddress) -> Bool {
        switch (self.base, address) {
        case (.v4(let base), .v4(let value)): value & Self.mask(self.prefixLength) == base
        case (.v6(let base), .v6(let value)): value & Self.mask(self.prefixLength) == base
        case (.v4, .v6): address.unmapped != address && self.contains(address.unmapped)
        case (.v6, .v4): false
        }
    }

    /// The canonical text, like `10.0.0.0/8`.
    package var description: String { "\(self.base)/\(self.prefixLength)" }

    private static func mask<Value: FixedWidthInteger>(_ length: Int) -> Value {
        length == 0 ? 0 : ~0 << (Value.bitWidth - length)
    }

    private static func length(_ digits: [UInt8]) -> Int? {
        guard 1...3 ~= digits.count, digits.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
