// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// An entry of a shard's list of lanes, taken apart.
enum LaneName {
    /// Deliveries of a subscription for the events of a tenant, in order.
    case queue(subscription: [UInt8], tenant: [UInt8])
    /// One delivery to be tried again.
    case retry(delivery: [UInt8])

    init?(_ member: [UInt8]) {
        let rest = member.dropFirst()
        switch member.first {
        case UInt8(ascii: "r") where !rest.isEmpty: self = .retry(delivery: Array(rest))
        case UInt8(ascii: "l"):
            let parts = rest.split(separator: 58, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            self = .queue(subscription: Array(parts[0]), tenant: Array(parts[1]))
        default: return nil
        }
    }

    /// The entry of a subscription's lane.
    static func member(_ subscription: [UInt8], _ tenant: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "l")] + subscription + [58] + tenant
    }

    /// The entry of a delivery to be tried again.
    static func member(retry delivery: [UInt8]) -> [UInt8] { [UInt8(ascii: "r")] + delivery }
}
