// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaCatalog
import RedisClient
import Reservations
import SharedKernel
import Testing

@Suite("What lock scripts are asked and what their replies mean")
struct OperationReplyTests {
    private let token = "a3f8c2d1-4b5e-4c6d-8e7f-0123456789ab"

    private func item(_ name: String, ttlMs: Int64? = nil) throws -> AcquireItem {
        AcquireItem(
            requester: try Requester("w1".utf8), resource: try ResourceName(name.utf8), ttlMs: ttlMs,
            type: .userDefined, token: try #require(ReleaseToken(token.utf8)))
    }

    private func reply(_ words: [String]) throws -> ScriptReply {
        try ScriptReply(.array(words.map { .bulk([UInt8]($0.utf8)) }), of: "reservation/acquire")
    }

    @Test("An acquire sends five words an item, 0 for no TTL")
    func acquireWords() throws {
        let call = Acquire([try item("a"), try item("b", ttlMs: 1_500)]).call(for: try TestTenant.principal())
        #expect(call.isComplete)
        let sent = Self.words(of: call).suffix(12)
        #expect(
            Array(sent) == [
                "A1", "main key", "w1", "a", "0", "UserDefined", token, "w1", "b", "1500", "UserDefined", token,
            ])
    }

    @Test("A release sends the token, or nothing in its place")
    func releaseWords() throws {
        let requester = try Requester("w1".utf8)
        let resource = try ResourceName("a".utf8)
        let call = ReleaseHolds([
            .init(requester: requester, resource: resource, token: ReleaseToken(token.utf8)),
            .init(requester: requester, resource: resource, token: nil),
        ]).call(for: try TestTenant.principal())
        #expect(Array(Self.words(of: call).suffix(8)) == ["A1", "0", "w1", "a", token, "w1", "a", ""])
    }

    @Test("Acquire tells the three item outcomes and the two refusals apart")
    func acquireOutcomes() throws {
        let acquire = Acquire([try item("a"), try item("b"), try item("c")])
        let outcome = try acquire.outcome(
            try reply([
                "ITEMS", "1700000000000", "ACQUIRED", "9999999999999", "1700000000000001", token, "w1",
                "ALREADY_HAD", "1700000060000", "1699999999999999", token, "w1",
                "ALREADY_HELD", "1700000060000", "1699999999999998", "", "w2",
            ]))
        #expect(
            outcome
                == .items(
                    [
                        .acquired(
                            .init(token: [UInt8](token.utf8), expiry: .never, fencingToken: 1_700_000_000_000_001)),
                        .alreadyHad(
                            .init(
                                token: [UInt8](token.utf8), expiry: .at(ms: 1_700_000_060_000),
                                fencingToken: 1_699_999_999_999_999)),
                        .alreadyHeld([
                            Obstacle(
                                name: [UInt8]("c".utf8), kind: .resource, holder: [UInt8]("w2".utf8),
                                untilMs: 1_700_000_060_000)
                        ]),
                    ], held: nil))
        #expect(try acquire.outcome(try reply(["CLOSED"])) == .tenantClosed)
        #expect(try acquire.outcome(try reply(["SUSPENDED"])) == .tenantSuspended)
    }

    @Test(
        "An acquire reply of another shape is a fault, never a guess",
        arguments: [
            ["STALE", "A2"], ["ITEMS"], ["ITEMS", "1"], ["ITEMS", "1", "ACQUIRED", "2", "3", "t"],
            ["ITEMS", "1", "TAKEN", "2", "3", "t", "w"], ["ITEMS", "1", "ACQUIRED", "x", "3", "t", "w"],
            ["ITEMS", "1", "ACQUIRED", "2", "x", "t", "w"], ["ITEMS", "1", "ACQUIRED", "2", "3", "t", "w", "ACQUIRED"],
        ])
    func malformedAcquire(words: [String]) throws {
        let acquire = Acquire([try item("a")])
        let reply = try reply(words)
        #expect(throws: ScriptFault.self) { try acquire.outcome(reply) }
    }

    @Test("Release tells its item outcomes and the refusal apart, and faults on anything else")
    func releaseOutcomes() throws {
        let item = ReleaseItem(
            requester: try Requester("w1".utf8), resource: try ResourceName("a".utf8), token: nil)
        let release = ReleaseHolds([item, item, item, item])
        #expect(
            try release.outcome(
                try reply(["ITEMS", "RELINQUISHED", "a_0\tink", "NOT_RESERVED", "", "NOT_OWNER", "", "BAD_TOKEN", ""]))
                == .items([
                    .relinquished([[UInt8]("a_0".utf8), [UInt8]("ink".utf8)]), .notReserved, .notOwner, .badToken,
                ]))
        #expect(try release.outcome(try reply(["CLOSED"])) == .tenantClosed)
        for words in [
            ["ITEMS"], ["ITEMS", "RELINQUISHED"], ["ITEMS", "A", "", "B", "", "C", "", "D", ""], ["SUSPENDED"],
        ] {
            let reply = try reply(words)
            #expect(throws: ScriptFault.self) { try release.outcome(reply) }
        }
    }

    @Test("Check and expire read their replies and fault on anything else")
    func smallReplies() throws {
        let names = [try ResourceName("a".utf8), try ResourceName("b".utf8), try ResourceName("c".utf8)]
        let check = CheckHolds(names[...])
        #expect(
            try check.outcome(try reply(["ITEMS", "FREE", "", "HELD", "w1", "HELD", ""]))
                == [.free, .held(by: [UInt8]("w1".utf8)), .held(by: nil)])
        let expire = ExpireHolds(keys: try TestTenant.principal().keys)
        #expect(
            try expire.outcome(try reply(["EXPIRED", "3", "1", "1", "1700000000000"]))
                == .init(ended: 3, failed: 1, hasMore: true))
        let strange = try reply(["ITEMS", "HELD"])
        #expect(throws: ScriptFault.self) { try check.outcome(strange) }
        #expect(throws: ScriptFault.self) { try expire.outcome(strange) }
    }

    /// The words of a call, read back from the bytes it puts on the wire.
    private static func words(of call: ScriptCall) -> [String] {
        let lines = String(decoding: RedisCommand(call.words).bytes, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        return stride(from: 2, to: lines.count, by: 2).map { String(lines[$0]) }
    }
}
