// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaCatalog
import RedisClient
import SharedKernel
import Testing
import Verification

@Suite("Registered resources of an installation")
struct ResourceStateTests {
    /// A tenant with a pool of 3 below two ancestors, whose blocker is a pool; a and b hold a unit each, c a leaf
    /// beside it.
    struct Scene {
        let store: Installation
        let actor: Actor
        private let tag: [UInt8]

        init(in store: Installation) async throws {
            self.store = store
            actor = try await Actor("acme", in: store)
            var call = ScriptCall(.reservationDefine, keys: actor.principal.keys)
            call.append(actor.principal.tag)
            call.append("0")
            for row in [
                ["Plant", "3", "", "", "a"], ["Hall", "3", "Plant", "", "a"], ["Ink", "2", "", "", ""],
                ["Printer", "3", "Hall", "Ink", "o"], ["Door", "1", "Hall", "Lamp", "o"],
            ] {
                for word in row { call.append(word) }
            }
            #expect(try await store.runner.run(call).isWord("DEFINED"))
            let key = Keyspace.tenant(actor.tenant, in: actor.principal.shard)
            tag = try #require(try await store.pool.send(RedisCommand([[UInt8]("GET".utf8), key])).bytes)
            for (requester, resource) in [("a", "Printer"), ("b", "Printer"), ("c", "Door"), ("c", "plain")] {
                #expect(try await take(resource, by: requester) == "ACQUIRED")
            }
        }

        func take(_ resource: String, by requester: String) async throws -> String {
            var call = ScriptCall(.reservationClaim, keys: actor.principal.keys)
            call.append(tag)
            for word in ["main", "", "0", "T", requester, resource, "0", "UserDefined"] { call.append(word) }
            call.append(RandomBytes.uuid())
            call.append("0")
            return String(decoding: try await store.runner.run(call).bytes(1), as: UTF8.self)
        }

        func redis(_ words: [String], _ key: [UInt8], _ rest: [String]) async throws {
            let command = words.map { [UInt8]($0.utf8) } + [key] + rest.map { [UInt8]($0.utf8) }
            _ = try await store.pool.send(RedisCommand(command))
        }

        func units(_ pool: String) -> [UInt8] { Installation.keyspace.units(actor.tenant, pool: pool.utf8) }
        func slots(_ pool: String) -> [UInt8] { Installation.keyspace.slots(actor.tenant, pool: pool.utf8) }
        func needs(_ name: String) -> [UInt8] { Installation.keyspace.needs(actor.tenant, resource: name.utf8) }
        func node(_ name: String) -> [UInt8] { Installation.keyspace.node(actor.tenant, name: name.utf8) }
        var definitions: [UInt8] { Installation.keyspace.definitions(actor.tenant) }
    }

    @Test("Pools, blockers and trees in use are clean, and definitions are counted")
    func soundState() async throws {
        try await Installation.with { store in
            _ = try await Scene(in: store)
            let report = try await store.verify()
            #expect(report.violations.isEmpty)
            #expect(report.isClean)
            #expect(report.counts.resources == 5)
            #expect(report.counts.locks == 4)
        }
    }

    /// A way to break the scene, and the resource and invariant that must be named then.
    struct Break: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let resource: String
        var invariant = Invariant.derivedHolds
        let act: @Sendable (Scene) async throws -> Void

        init(
            _ testDescription: String, _ resource: String, _ invariant: Invariant = .derivedHolds,
            act: @escaping @Sendable (Scene) async throws -> Void
        ) {
            self.testDescription = testDescription
            self.resource = resource
            self.invariant = invariant
            self.act = act
        }
    }

    static let breaks: [Break] = [
        Break("an ancestor is held for nobody", "Hall") {
            try await $0.redis(["HSET"], $0.node("Hall"), ["ghost", "1"])
        },
        Break("an ancestor is not held for its owner", "Plant") {
            try await $0.redis(["HDEL"], $0.node("Plant"), ["a"])
        },
        Break("an ancestor's count is too high", "Plant") {
            try await $0.redis(["HSET"], $0.node("Plant"), ["b", "2"])
        },
        Break("a node says that its requester holds it, too", "Hall") {
            try await $0.redis(["HSET"], $0.node("Hall"), ["", "1"])
        },
        Break("a pool's count is wrong", "Printer") { try await $0.redis(["HSET"], $0.units("Printer"), ["n", "3"]) },
        Break("a slot is taken by nobody", "Printer") {
            try await $0.redis(["SETBIT"], $0.slots("Printer"), ["2", "1"])
        },
        Break("a held slot counts as free", "Ink") { try await $0.redis(["SETBIT"], $0.slots("Ink"), ["0", "0"]) },
        Break("a requester's slots are forgotten", "Printer") {
            try await $0.redis(["HDEL"], $0.units("Printer"), ["ra"])
        },
        Break("a blocker is needed more often than there are holds", "Printer") {
            try await $0.redis(["HSET"], $0.needs("Printer"), ["Ink", "Ink_0\t3"])
        },
        Break("a blocker is free while it is needed", "Door") {
            try await $0.redis(["DEL"], $0.actor.key(ofLock: "Lamp"), [])
        },
        Break("a blocker is held although nothing needs it", "Door") { scene in
            try await scene.redis(["DEL"], scene.actor.key(ofLock: "Door"), [])
            try await scene.redis(["ZREM"], scene.actor.active, ["kDoor"])
            try await scene.redis(["ZREM"], scene.actor.key(ofRequester: "c"), ["Door"])
        },
        Break("a definition cannot be read", "Door", .soundRecords) {
            try await $0.redis(["HSET"], $0.definitions, ["Door", "one"])
        },
        Break("more units are in use than there ever were", "Printer", .capacity) {
            try await $0.redis(["HSET"], $0.definitions, ["Printer", "1\n1\n0\no\nHall\nInk"])
        },
    ]

    @Test("What was taken along and does not fit is named", arguments: breaks)
    func brokenState(broken: Break) async throws {
        try await Installation.with { store in
            let scene = try await Scene(in: store)
            try await broken.act(scene)
            let report = try await store.verify()
            let named = report.violations.map { "\($0.invariant.rawValue) \($0.subject.text)" }
            #expect(named.contains("\(broken.invariant.rawValue) resource \(broken.resource)"), "\(named)")
        }
    }

    @Test("Holds that come and go while it looks raise no alarm")
    func busyState() async throws {
        try await Installation.with { store in
            let scene = try await Scene(in: store)
            let busy = Task {
                for round in 0..<400 where !Task.isCancelled {
                    _ = try await scene.take("Printer", by: "r\(round % 3)")
                    var call = ScriptCall(.reservationReleaseRequester, keys: scene.actor.principal.keys)
                    let key = Keyspace.tenant(scene.actor.tenant, in: scene.actor.principal.shard)
                    let tag = try await store.pool.send(RedisCommand([[UInt8]("GET".utf8), key])).bytes ?? []
                    call.append(tag)
                    for word in ["r\(round % 3)", "0", "", "100", ""] { call.append(word) }
                    _ = try await store.runner.run(call)
                }
            }
            for _ in 0..<3 { #expect(try await store.verify().violations.isEmpty) }
            busy.cancel()
            _ = await busy.result
            #expect(try await store.verify().isClean)
        }
    }
}
