// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A delivery leased to this process, with all that sending it takes.
package struct ClaimedDelivery: Sendable {
    package let shard: Shard
    package let token: [UInt8]
    /// The name of its lane.
    package let lane: [UInt8]
    package let id: [UInt8]
    /// The subscription; nil when its row cannot be read.
    package let subscription: StoredSubscription?
    package let subscriptionID: [UInt8]
    package let owner: [UInt8]
    package let eventID: [UInt8]
    package let type: [UInt8]
    /// Attempts before this one.
    package let attempts: Int64
    package let traceID: [UInt8]
    package let traceFlags: [UInt8]
    package let hasInboundTraceparent: Bool
    package let requestID: [UInt8]
    package let createdMs: Int64
    package let body: [UInt8]
}

/// Claims deliveries of a shard that are due.
package struct ClaimDeliveries: Sendable {
    /// Deliveries in one call.
    package static let max = 50
    /// How long a claim lasts unless settings say otherwise, ms: longer than an attempt and saying what came of it.
    package static let lease_ms: Int64 = 40_000
    /// The longest that an attempt may take, ms.
    private static let attempt_ms: Int64 = 15_000
    /// What is left of a lease for waiting before an attempt and for saying what came of it, ms, where there is time.
    private static let spare_ms: Int64 = 5_000
    /// Attempts that one subscription may have under way, whoever makes them.
    package static let perSubscription: Int64 = 4

    package let shard: Shard
    /// Names the claims, unique per call.
    package let token: [UInt8]
    /// 1 to `max`.
    package let limit: Int
    /// Older deliveries are ended, ms.
    package let maxAgeMs: Int64
    /// How long the claim lasts.
    package let leaseMs: Int64

    /// A claim of at most `limit` deliveries.
    package init(shard: Shard, token: [UInt8], limit: Int, maxAgeMs: Int64, leaseMs: Int64 = Self.lease_ms) {
        self.shard = shard
        self.token = token
        self.limit = limit
        self.maxAgeMs = maxAgeMs
        self.leaseMs = leaseMs
    }

    /// How long an attempt may take under a lease, ms: it ends before the lease does.
    package static func attemptMs(leaseMs: Int64) -> Int64 {
        min(attempt_ms, leaseMs - min(spare_ms, leaseMs / 2))
    }

    /// What was claimed.
    package struct Outcome: Sendable {
        /// How long the first lane had been due, ms.
        package let oldestMs: Int64
        /// Deliveries that were ended unsent: too old, or their subscription is gone or not active.
        package let ended: Int64
        /// Whether other lanes are due, too.
        package let hasMore: Bool
        package let deliveries: [ClaimedDelivery]
    }

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(.webhooksClaim, keys: [shard.prefix])
        call.append(token)
        call.append(decimal: leaseMs)
        call.append(decimal: Int64(limit))
        call.append(decimal: Self.perSubscription)
        call.append(decimal: maxAgeMs)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        guard reply.isWord("CLAIMED") else { throw reply.malformed("word") }
        var deliveries: [ClaimedDelivery] = []
        for index in stride(from: 4, to: reply.count, by: 14) {
            let subscription = try reply.bytes(index + 2)
            deliveries.append(
                ClaimedDelivery(
                    shard: shard, token: token, lane: try reply.bytes(index), id: try reply.bytes(index + 1),
                    subscription: StoredSubscription(id: subscription, row: try reply.bytes(index + 3)),
                    subscriptionID: subscription, owner: try reply.bytes(index + 4),
                    eventID: try reply.bytes(index + 5), type: try reply.bytes(index + 6),
                    attempts: try reply.int(index + 7), traceID: try reply.bytes(index + 8),
                    traceFlags: try reply.bytes(index + 9),
                    hasInboundTraceparent: try reply.bytes(index + 10) == [49],
                    requestID: try reply.bytes(index + 11), createdMs: try reply.int(index + 12),
                    body: try reply.bytes(index + 13)))
        }
        return Outcome(
            oldestMs: try reply.int(1), ended: try reply.int(2), hasMore: try reply.int(3) == 1,
            deliveries: deliveries)
    }
}
