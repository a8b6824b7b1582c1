// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What webhooks may connect to: the public internet, minus what the configuration blocks, plus the private ranges that
/// the operator opens by name.
package struct EgressPolicy: Sendable, Hashable {
    /// Private ranges that are open, unless they are blocked too.
    package let openRanges: [CIDRRange]
    /// Ranges that are closed, public or not.
    package let blocked: [CIDRRange]
    /// Patterns of which the whole URL has to match one, `*` standing for any characters; none allows any URL.
    package let allowedURLPatterns: [String]
    /// Whether `http://` will do; `https://` always does.
    package let allowsHTTP: Bool

    /// A policy of these rules; that of no arguments allows the public internet over TLS.
    package init(
        openRanges: [CIDRRange] = [], blocked: [CIDRRange] = [], allowedURLPatterns: [String] = [],
        allowsHTTP: Bool = false
    ) {
        self.openRanges = openRanges
        self.blocked = blocked
        self.allowedURLPatterns = allowedURLPatterns
        self.allowsHTTP = allowsHTTP
    }

    /// Why the address is closed, for the operator's eyes: a subscriber learns nothing about our networks. Nil when it
    /// is open.
    package func refusal(of address: IPAddress) -> String? {
        let address = address.unmapped
        let names = [address, address.inner].compactMap { $0 }
        for name in names {
            if let range = self.blocked.first(where: { $0.contains(name) }) {
                return "\(address) is in the blocked range \(range)"
            }
            if let entry = ClosedRanges.neverOpened.first(where: { $0.range.contains(name) }) {
                return "\(address) is in \(entry.range) (\(entry.purpose)), which cannot be opened"
            }
        }
        // A disguised IPv4 address is another way to the same machine, but one that has to be opened by itself.
        if self.openRanges.contains(where: { $0.contains(address) }) { return nil }
        for name in names {
            if let entry = ClosedRanges.all.first(where: { $0.range.contains(name) }) {
                return "\(address) is in \(entry.range) (\(entry.purpose))"
            }
        }
        return nil
    }

    /// Whether the patterns let the URL pass.
    package func allows(url: String) -> Bool {
        self.allowedURLPatterns.isEmpty
            || self.allowedURLPatterns.contains { Self.matches(Array(url.utf8), Array($0.utf8)) }
    }

    /// Goes back to the last `*` only, so that the cost is at most the product of the lengths.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        var (at, next) = (0, 0)
        var retry: (at: Int, next: Int)?
        while at < text.count {
            if next < pattern.count, pattern[next] == star {
                next += 1
                retry = (at, next)
            } else if next < pattern.count, pattern[next] == text[at] {
                at += 1
                next += 1
            } else if let last = retry {
                at = last.at + 1
                next = last.next
                retry = (at, next)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == star }
    }
}
