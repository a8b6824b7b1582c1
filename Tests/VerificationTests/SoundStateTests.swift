// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import RedisClient
import Testing
import Verification

@Suite("A sound installation")
struct SoundStateTests {
    @Test("an installation without tenants is clean")
    func nothingIsClean() async throws {
        try await Installation.with { store in
            let report = try await store.verify()
            #expect(report.isClean)
            #expect(report.counts.shards == 64)
            #expect(report.counts.tenants == 0)
        }
    }

    @Test("tenants with budgets, reservations in every state and locks are clean, and everything is counted")
    func soundStateIsClean() async throws {
        try await Installation.with { store in
            for name in ["acme", "zebra-2"] {
                let actor = try await Actor(name, in: store)
                try await actor.open(actor.path())
                try await actor.open(actor.path("agent:bot"))
                try await actor.open(actor.path("workspace:prod", "agent:bot"))
                let deep = actor.path("workspace:prod", "agent:bot")
                for amount: Int64 in [0, 1, 70] { try await actor.reserve(amount, at: deep) }
                let extended = try #require(try await actor.reserve(5, at: actor.path("agent:bot")))
                try await actor.extend(extended)
                let over = try #require(try await actor.reserve(10, at: deep))
                try await actor.commit(25, of: over)
                try await actor.release(try #require(try await actor.reserve(10, at: deep)))
                try await actor.lock("printer", by: "me")
                try await actor.lock("für immer", by: "me", ttlMs: 0)
                let token = try await actor.lock("gone", by: "you")
                try await actor.unlock("gone", by: "you", token: token)
            }
            let report = try await store.verify()
            #expect(report.violations.isEmpty)
            #expect(report.isClean)
            #expect(report.counts.tenants == 2)
            #expect(report.counts.ledgers == 6)
            #expect(report.counts.reservations == 8)
            #expect(report.counts.locks == 4)
        }
    }

    @Test("an installation that lost rows of ended reservations is clean, and their tenant goes on")
    func trimmedRowsAreClean() async throws {
        try await Installation.with { store in
            let actor = try await Actor("acme", in: store)
            try await actor.open(actor.path())
            for _ in 0..<1_000 {
                try await actor.release(try #require(try await actor.reserve(1, at: actor.path())))
            }
            try await actor.reserve(7, at: actor.path())
            var rows: Int64 = 0
            // Whatever ended before this millisecond is old enough.
            while rows == 0 {
                var trim = TrimRows(keys: Installation.keyspace.keys(of: actor.tenant), keepMs: 0)
                while let call = trim.call { rows += try trim.outcome(try await store.runner.run(call)).rows }
            }
            #expect(rows == 1_000)
            let first = Installation.keyspace.rowChunk(actor.tenant, number: 0)
            #expect(try await store.redis("EXISTS".bytes, first).integer == 0)
            try await actor.reserve(8, at: actor.path())
            let report = try await store.verify()
            #expect(report.isClean && report.counts.reservations == 2)
        }
    }

    @Test("more reservations and locks than a page holds are all looked at")
    func pagesAreWalked() async throws {
        try await Installation.with { store in
            let actor = try await Actor("acme", in: store)
            try await actor.open(actor.path())
            for index in 0..<1_130 {
                try await actor.reserve(Int64(index), at: actor.path())
                try await actor.lock("lock-\(index)", by: "holder-\(index % 3)")
            }
            for index in 0..<510 { try await actor.open(actor.path("agent:a\(index)")) }
            let clean = try await store.verify()
            #expect(clean.isClean, "\(clean.violations)")
            #expect(clean.counts.reservations == 1_130)
            #expect(clean.counts.locks == 1_130)
            #expect(clean.counts.ledgers == 511)
            // The last of each page by hand, for an off-by-one would hide there.
            try await store.addReserved(1, actor.key(ofLedger: actor.path("agent:a99")))
            try await store.addReserved(1, actor.key(ofLedger: actor.path()))
            for atomicMax in [0, 50_000] {
                let report = try await store.verify { $0.atomicMax = atomicMax }
                #expect(report.undecided.isEmpty)
                #expect(report.violations.map(\.invariant) == [.reservedSum, .reservedSum])
            }
        }
    }

    @Test("a Redis that no server has used is not called clean")
    func emptyRedis() async throws {
        try await Installation.with(installed: false) { store in
            await #expect { _ = try await store.verify() } throws: { error in
                if case .notInstalled? = error as? VerificationError { true } else { false }
            }
            try await store.redis("HSET".bytes, "hf:install".bytes, "shards".bytes, "many".bytes)
            await #expect { _ = try await store.verify() } throws: { error in
                if case .corruptInstall? = error as? VerificationError { true } else { false }
            }
        }
    }

    @Test("a Redis that goes away gives an error and no report")
    func redisGone() async throws {
        try await Installation.with { store in
            await store.pool.shutdown()
            await #expect { _ = try await store.verify() } throws: { error in
                if case .unavailable? = error as? VerificationError { true } else { false }
            }
        }
    }
}

extension String {
    /// The UTF-8 of the text.
    var bytes: [UInt8] { Array(utf8) }
}
