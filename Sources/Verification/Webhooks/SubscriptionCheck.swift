// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel
internal import Webhooks

/// Judges one webhook subscription from what was read of it; pure.
struct SubscriptionCheck {
    let place: TenantPlace
    let id: [UInt8]
    /// The replies of ``reads(_:id:)``.
    let replies: ArraySlice<RedisReply>

    /// How many replies a check takes.
    static let width = 5

    /// What a check needs.
    static func reads(_ place: TenantPlace, id: [UInt8]) -> [RedisCommand] {
        [
            Read.field(place.subscriptions, id), Read.score(place.subscriptionList, id),
            Read.score(Keyspace.subscriptionList(place.shard), id + [58] + place.tenant.bytes),
            Read.field(Keyspace.ids(place.shard), id), Read.field(place.asks, id),
        ]
    }

    private func reply(_ index: Int) -> RedisReply { replies[replies.startIndex + index] }

    /// What is wrong with it.
    func findings() -> [Finding] {
        guard let row = reply(0).bytes else {
            let places = [(1, "its owner's list"), (2, "its shard's list"), (4, "what subscriptions ask for")]
            let listed = places.filter { reply($0.0).bytes != nil }.map(\.1)
            if reply(0).isError || listed.isEmpty { return [] }
            return [finding(.indexed, expected: "a row", actual: "only in \(listed.joined(separator: ", "))")]
        }
        guard let stored = StoredSubscription(id: id, row: row) else {
            return [finding(.soundRecords, expected: "a subscription's row", actual: "\(row.count) unreadable bytes")]
        }
        var findings: [Finding] = []
        for (index, name) in [(1, "its owner's list"), (2, "its shard's list")] where !reply(index).isError {
            let listed = reply(index)
            if listed.score == stored.createdMs { continue }
            findings.append(
                finding(
                    .indexed, expected: "in \(name) by its creation time \(stored.createdMs)",
                    actual: listed.bytes.map { "by \(printable($0))" } ?? "not there"))
        }
        if !reply(3).isError, reply(3).bytes != place.tenant.bytes {
            findings.append(
                finding(
                    .indexed, expected: "an id of \(place.tenant)",
                    actual: reply(3).bytes.map { "of \(printable($0))" } ?? "of nobody"))
        }
        let asks = SubscriptionAsks(stored.terms, status: stored.status).json
        if !reply(4).isError, (reply(4).bytes ?? []) != asks {
            findings.append(
                finding(
                    .indexed, expected: asks.isEmpty ? "nothing asked for" : "\(printable(asks)) asked for",
                    actual: reply(4).bytes.map { printable($0) } ?? "nothing"))
        }
        return findings
    }

    private func finding(_ invariant: Invariant, expected: String, actual: String) -> Finding {
        Finding(
            invariant, place.tenant.bytes, .subscription(id), expected: expected, actual: actual,
            detail: "key \(printable(place.subscriptions))")
    }
}
