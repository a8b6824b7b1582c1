// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Events
import SharedKernel
import StrictJSON
import Testing
import Webhooks

@Suite("Events that a subscription wants")
struct WantedEventTests {
    private static let shard = Keyspace(shardCount: 4).shards[3]

    private static func event(_ type: String, context: String = "", data: String, number: Int64 = 5_000) throws
        -> StoredEvent
    {
        let id = EventID(shard: shard, sequence: number)
        let body = ["5", "acme", type, context, data].joined(separator: "\0")
        return try #require(StoredEvent(id: id, body: bytes(body)))
    }

    private static func subscription(_ thresholds: AlertThresholds?) throws -> StoredSubscription {
        var terms = SubscriptionTerms(
            url: [], selectors: EventSelectors(types: [], categories: [bytes("budget")], scopeFilter: nil))
        terms.thresholds = thresholds
        let row = StoredSubscription.row(.active, createdMs: 1, updatedMs: 1, sealed: [], terms)
        return try #require(StoredSubscription(id: bytes("whsub_x"), row: row))
    }

    @Test("a rate of spending is for those who asked for that rate over that time, an hour at most")
    func rates() throws {
        func anomaly(_ multiplier: String, _ window: Int) throws -> StoredEvent {
            try Self.event(
                "budget.burn_rate_anomaly", context: #"{"metadata":{"asked_multiplier":\#(multiplier)}}"#,
                data: #"{"scope":"tenant:acme","unit":"TOKENS","multiplier":99,"window_seconds":\#(window)}"#)
        }
        let owner = try #require(TenantID("acme"))
        var own = AlertThresholds()
        (own.burnRateMultiplier, own.burnRateWindowSeconds) = (10, 86_400)
        let (usual, long) = (try Self.subscription(nil), try Self.subscription(own))
        for (multiplier, window, isUsual, isLong) in [
            ("3", 300, true, false), ("10", 3_600, false, true), ("10", 300, false, false), ("3", 3_600, false, false),
        ] {
            let event = try anomaly(multiplier, window)
            #expect(usual.wants(event, owner: owner) == isUsual && long.wants(event, owner: owner) == isLong)
        }
    }

    @Test("94: an event that no request caused has a trace all the same, ever the same one")
    func traces() throws {
        func funded(_ context: String, _ number: Int64 = 5_000) throws -> StoredEvent {
            try Self.event("budget.funded", context: context, data: "{}", number: number)
        }
        let (one, again, other) = (try funded(""), try funded(""), try funded("", 5_001))
        #expect(one.traceID == again.traceID && one.traceID != other.traceID && one.traceID.count == 32)
        #expect(one.traceID.allSatisfy { (48...57).contains($0) || (97...102).contains($0) })
        let given = "4bf92f3577b34da6a3ce929d0e0e4736"
        #expect(try funded(#"{"trace_id":"\#(given)"}"#).traceID == bytes(given))
        var writer = JSONWriter(capacity: 256)
        one.write(to: &writer)
        let envelope = try JSONDocument.parse(writer.finish()).root
        #expect(envelope.member("trace_id")?.stringBytes() == one.traceID)
    }
}
