// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import RedisClient
import SharedKernel
import Testing
import Verification

@Suite("A broken installation")
struct BrokenStateTests {
    /// A sound tenant: two ledgers, a reservation of 70 in both, a lock with a deadline and one without.
    struct Scene {
        let store: Installation
        let actor: Actor
        let reservation: [UInt8]

        var root: String { actor.path() }
        var leaf: String { actor.path("agent:bot") }

        init(in store: Installation) async throws {
            self.store = store
            actor = try await Actor("acme", in: store)
            try await actor.open(actor.path())
            try await actor.open(actor.path("agent:bot"))
            reservation = try #require(try await actor.reserve(70, at: actor.path("agent:bot"))).hash
            try await actor.lock("printer", by: "me")
            try await actor.lock("forever", by: "me", ttlMs: 0)
        }

        /// Puts `value` in the place of one of the six texts of a ledger.
        func set(_ path: String, field: Int, _ value: String) async throws {
            try await store.setLedger(actor.key(ofLedger: path), field: field) { _ in value }
        }

        /// Adds to the reserved amount of a ledger.
        func addReserved(_ amount: Int64, _ path: String) async throws {
            try await store.addReserved(amount, actor.key(ofLedger: path))
        }

        func redis(_ words: [UInt8]...) async throws { _ = try await store.pool.send(RedisCommand(words)) }

        func ledger(_ path: String) -> VerifiedSubject { .ledger(path.bytes + [0, BudgetUnit.tokens.letter]) }

        var shardDue: [UInt8] { Keyspace.due(actor.principal.shard) }
    }

    /// A way to break the scene, and what must be reported then: exactly this.
    struct Break: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let apply: @Sendable (Scene) async throws -> Void
        let expected: @Sendable (Scene) -> Set<Named>

        init(
            _ name: String, _ apply: @escaping @Sendable (Scene) async throws -> Void,
            expect: @escaping @Sendable (Scene) -> Set<Named>
        ) {
            testDescription = name
            self.apply = apply
            expected = expect
        }
    }

    /// An invariant and a subject.
    struct Named: Hashable, CustomStringConvertible {
        let invariant: Invariant
        let subject: VerifiedSubject

        init(_ invariant: Invariant, _ subject: VerifiedSubject) {
            self.invariant = invariant
            self.subject = subject
        }

        var description: String { "\(invariant.rawValue) \(subject.text)" }
    }

    private static let ledgerBreaks: [Break] = [
        Break("a reserved amount one too high") { scene in
            try await scene.addReserved(1, scene.leaf)
        } expect: {
            [Named(.reservedSum, $0.ledger($0.leaf))]
        },
        Break("a reserved amount one too low, in both ledgers") { scene in
            for path in [scene.leaf, scene.root] {
                try await scene.addReserved(-1, path)
            }
        } expect: {
            [Named(.reservedSum, $0.ledger($0.leaf)), Named(.reservedSum, $0.ledger($0.root))]
        },
        Break("a reserved amount that is no number") { scene in
            try await scene.set(scene.leaf, field: 1, "abc")
        } expect: {
            [Named(.soundRecords, $0.ledger($0.leaf))]
        },
        Break("an allocated amount past 64 bits") { scene in
            try await scene.set(scene.root, field: 0, "9223372036854775808")
        } expect: {
            [Named(.soundRecords, $0.ledger($0.root))]
        },
        Break("a negative debt") { scene in
            try await scene.set(scene.root, field: 3, "-1")
        } expect: {
            [Named(.soundRecords, $0.ledger($0.root))]
        },
        Break("a missing field") { scene in
            try await scene.redis("SET".bytes, scene.actor.key(ofLedger: scene.root), "1000 70 0 0 0".bytes)
        } expect: {
            [Named(.soundRecords, $0.ledger($0.root))]
        },
        Break("flags that mean nothing") { scene in
            try await scene.set(scene.root, field: 5, "rC")
        } expect: {
            [Named(.soundRecords, $0.ledger($0.root))]
        },
        Break("amounts whose rest leaves 64 bits") { scene in
            try await scene.set(scene.root, field: 2, String(Int64.max))
            try await scene.set(scene.root, field: 3, String(Int64.max))
        } expect: {
            [Named(.ledgerIdentity, $0.ledger($0.root))]
        },
        Break("a ledger of another type") { scene in
            let key = scene.actor.key(ofLedger: scene.root)
            try await scene.redis("DEL".bytes, key)
            try await scene.redis("SADD".bytes, key, "x".bytes)
        } expect: {
            [Named(.soundRecords, $0.ledger($0.root))]
        },
        Break("a ledger that is gone") { scene in
            try await scene.redis("DEL".bytes, scene.actor.key(ofLedger: scene.leaf))
        } expect: {
            [Named(.indexed, $0.ledger($0.leaf))]
        },
        Break("a ledger that the directory does not list") { scene in
            try await scene.redis("ZREM".bytes, scene.actor.directory, scene.leaf.bytes + [0, 84])
        } expect: {
            [Named(.indexed, $0.ledger($0.leaf))]
        },
        Break("a ledger that is gone from the directory too") { scene in
            try await scene.redis("ZREM".bytes, scene.actor.directory, scene.leaf.bytes + [0, 84])
            try await scene.redis("DEL".bytes, scene.actor.key(ofLedger: scene.leaf))
        } expect: {
            [Named(.allLedgers, $0.ledger($0.leaf))]
        },
        Break("an entry of the directory that cannot be read") { scene in
            try await scene.redis("ZADD".bytes, scene.actor.directory, "0".bytes, "nonsense".bytes)
        } expect: { _ in
            [Named(.soundRecords, .ledger("nonsense".bytes))]
        },
    ]

    private static let reservationBreaks: [Break] = [
        Break("a live reservation without a record") { scene in
            try await scene.redis("DEL".bytes, scene.actor.key(ofRecord: scene.reservation))
        } expect: {
            [
                Named(.indexed, .reservation($0.reservation)), Named(.reservedSum, $0.ledger($0.leaf)),
                Named(.reservedSum, $0.ledger($0.root)),
            ]
        },
        Break("a record that cannot be read") { scene in
            try await scene.redis("SETRANGE".bytes, scene.actor.key(ofRecord: scene.reservation), "2".bytes, "?".bytes)
        } expect: {
            [
                Named(.soundRecords, .reservation($0.reservation)), Named(.reservedSum, $0.ledger($0.leaf)),
                Named(.reservedSum, $0.ledger($0.root)),
            ]
        },
        Break("a record listed as live that is not") { scene in
            try await scene.redis("SETRANGE".bytes, scene.actor.key(ofRecord: scene.reservation), "0".bytes, "D".bytes)
        } expect: {
            [Named(.liveOnce, .reservation($0.reservation))]
        },
        Break("a live reservation that is not listed as live") { scene in
            try await scene.redis("ZREM".bytes, scene.actor.due, scene.reservation)
        } expect: {
            [Named(.reservedSum, $0.ledger($0.leaf)), Named(.reservedSum, $0.ledger($0.root))]
        },
        Break("a row of another state") { scene in
            let key = Installation.keyspace.rowChunk(scene.actor.tenant, number: 0)
            try await scene.redis("SETRANGE".bytes, key, "0".bytes, "C".bytes)
        } expect: {
            [Named(.indexed, .reservation($0.reservation))]
        },
        Break("a row with another amount") { scene in
            let key = Installation.keyspace.rowChunk(scene.actor.tenant, number: 0)
            try await scene.redis("SETRANGE".bytes, key, "36".bytes, [71])
        } expect: {
            [Named(.indexed, .reservation($0.reservation))]
        },
        Break("rows that are gone") { scene in
            try await scene.redis("DEL".bytes, Installation.keyspace.rowChunk(scene.actor.tenant, number: 0))
        } expect: {
            [Named(.indexed, .reservation($0.reservation))]
        },
    ]

    private static let lockBreaks: [Break] = [
        Break("a lock past its deadline") { scene in
            try await scene.redis(
                "SETRANGE".bytes, scene.actor.key(ofLock: "printer"), "0".bytes, "1700000000000".bytes)
            try await scene.redis("ZADD".bytes, scene.actor.active, "1700000000000".bytes, "kprinter".bytes)
            try await scene.redis("ZADD".bytes, scene.shardDue, "1700000000000".bytes, "lacme".bytes)
        } expect: { _ in
            [Named(.lockDeadline, .lock("kprinter".bytes))]
        },
        Break("a lock without a record") { scene in
            try await scene.redis("DEL".bytes, scene.actor.key(ofLock: "printer"))
        } expect: { _ in
            [Named(.indexed, .lock("kprinter".bytes))]
        },
        Break("a lock record that cannot be read") { scene in
            try await scene.redis("SET".bytes, scene.actor.key(ofLock: "forever"), "what".bytes)
        } expect: { _ in
            [Named(.soundRecords, .lock("kforever".bytes))]
        },
        Break("a lock listed with another expiry") { scene in
            try await scene.redis("ZADD".bytes, scene.actor.active, "4000000000000".bytes, "kforever".bytes)
        } expect: { _ in
            [Named(.indexed, .lock("kforever".bytes))]
        },
        Break("a lock missing among its requester's") { scene in
            try await scene.redis("ZREM".bytes, scene.actor.key(ofRequester: "me"), "printer".bytes)
        } expect: { _ in
            [Named(.indexed, .lock("kprinter".bytes))]
        },
        Break("a lock with another fencing token among its requester's") { scene in
            try await scene.redis("ZADD".bytes, scene.actor.key(ofRequester: "me"), "7".bytes, "printer".bytes)
        } expect: { _ in
            [Named(.indexed, .lock("kprinter".bytes))]
        },
        Break("a hold of an unknown kind") { scene in
            try await scene.redis("ZADD".bytes, scene.actor.active, "inf".bytes, "?x".bytes)
        } expect: { _ in
            [Named(.soundRecords, .lock("?x".bytes))]
        },
    ]

    private static let tenantBreaks: [Break] = [
        Break("a tenant whose budget deadlines no sweep would find") { scene in
            try await scene.redis("ZREM".bytes, scene.shardDue, "bacme".bytes)
        } expect: { _ in
            [Named(.indexed, .tenant)]
        },
        Break("a tenant whose lock deadlines a sweep would find late") { scene in
            try await scene.redis("ZADD".bytes, scene.shardDue, "4000000000000".bytes, "lacme".bytes)
        } expect: { _ in
            [Named(.indexed, .tenant)]
        },
        Break("a tenant without a status") { scene in
            try await scene.redis("DEL".bytes, Installation.keyspace.tenant(scene.actor.tenant))
        } expect: { _ in
            [Named(.indexed, .tenant)]
        },
        Break("a status that means nothing") { scene in
            try await scene.redis("SET".bytes, Installation.keyspace.tenant(scene.actor.tenant), "Z1".bytes)
        } expect: { _ in
            [Named(.soundRecords, .tenant)]
        },
        Break("a tenant in the list of another shard") { scene in
            let number: UInt8 = scene.actor.principal.shard.number == 0 ? 1 : 0
            try await scene.redis("ZADD".bytes, Keyspace.tenants(Shard(number: number)), "1".bytes, "acme".bytes)
        } expect: { _ in
            [Named(.indexed, .tenant)]
        },
        Break("a list of live reservations of another type") { scene in
            try await scene.redis("DEL".bytes, scene.actor.due)
            try await scene.redis("SET".bytes, scene.actor.due, "x".bytes)
        } expect: {
            [
                Named(.soundRecords, .tenant), Named(.reservedSum, $0.ledger($0.leaf)),
                Named(.reservedSum, $0.ledger($0.root)),
            ]
        },
    ]

    @Test(
        "each broken thing is found and named, and nothing else is",
        arguments: ledgerBreaks + reservationBreaks + lockBreaks + tenantBreaks)
    func brokenThingsAreNamed(broken: Break) async throws {
        try await Installation.with { store in
            let scene = try await Scene(in: store)
            let sound = try await store.verify()
            #expect(sound.isClean, "\(sound.violations)")
            try await broken.apply(scene)
            let report = try await store.verify()
            let found = Set(report.violations.map { Named($0.invariant, $0.subject) })
            #expect(found == broken.expected(scene), "\(report.violations)")
            #expect(report.violations.allSatisfy { $0.tenant == "acme".bytes })
            #expect(!report.isClean)
        }
    }

    @Test("a corrupt row does not hide what is wrong in the next one, or in the next tenant")
    func corruptRowsDoNotStopTheCheck() async throws {
        try await Installation.with { store in
            let scene = try await Scene(in: store)
            let other = try await Actor("other", in: store)
            try await other.open(other.path())
            try await store.redis("SET".bytes, scene.actor.key(ofLock: "forever"), "what".bytes)
            try await scene.set(scene.root, field: 1, "abc")
            try await scene.addReserved(1, scene.leaf)
            try await store.setLedger(other.key(ofLedger: other.path()), field: 4) { _ in "1e3" }
            let report = try await store.verify()
            let found = report.violations.map {
                "\(String(decoding: $0.tenant, as: UTF8.self)) \($0.invariant.rawValue)"
            }
            #expect(found.sorted() == ["acme I2", "acme I8", "acme I8", "other I8"], "\(report.violations)")
        }
    }

    @Test("a wrong sum is reported with both sums, the difference and the key")
    func reportsAreUseful() async throws {
        try await Installation.with { store in
            let scene = try await Scene(in: store)
            try await scene.addReserved(5, scene.leaf)
            let violation = try #require(try await store.verify().violations.first)
            #expect(violation.expected == "r = 70")
            #expect(violation.actual == "r = 75")
            #expect(violation.detail.contains("difference 5 over 1 live reservations"))
            #expect(violation.detail.contains(String(decoding: scene.actor.key(ofLedger: scene.leaf), as: UTF8.self)))
            #expect(violation.subject.text == "ledger tenant:acme/agent:bot TOKENS")
        }
    }

    @Test("very many violations end the check early, and the report says so")
    func tooManyViolations() async throws {
        try await Installation.with { store in
            for name in ["aaa", "bbb", "ccc"] {
                let actor = try await Actor(name, in: store)
                try await actor.open(actor.path())
                try await store.addReserved(1, actor.key(ofLedger: actor.path()))
            }
            #expect(try await store.verify().stoppedEarly == false)
            #expect(try await store.verify { $0.violationsMax = 3 }.stoppedEarly)
        }
    }
}
