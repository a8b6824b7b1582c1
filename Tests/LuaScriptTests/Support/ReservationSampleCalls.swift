// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

extension SampleCall {
    static let locks = plainNames + giving + taking + givingBack + lookingOn + defining + streaming

    /// Keys of a hold of `alice`.
    private static func hold(_ scene: Scene, _ name: ByteText = "gpu-1") -> [ByteText] {
        [scene.tenantKey, scene.holdKey(name), scene.key("act"), scene.key("q:alice"), scene.key("ev")]
    }

    /// Keys of what is held along with a unit of the pool `P` below `N` with the blocker `B`.
    private static func derived(_ scene: Scene) -> [ByteText] {
        [scene.holdKey("B")] + ["ph:P", "pb:P", "bl:P", "an:N"].map { scene.key($0) }
    }

    /// Keys that a claim of a unit of `P` reads or writes.
    private static func claimed(_ scene: Scene) -> [ByteText] {
        hold(scene, "P_0") + derived(scene) + [scene.key("def"), scene.shardKey("due")]
    }

    /// A tenant whose event stream has begun: that it is there is not a change.
    private static func openHolds(_ scene: Scene) async throws {
        try await scene.openTenant()
        var hold = Hold()
        hold.name = "gpu-0"
        _ = try await scene.acquire(hold)
        _ = try await scene.release(hold)
    }

    /// The same with a pool of two below a node and with a blocker.
    private static func openPool(_ scene: Scene) async throws {
        try await openHolds(scene)
        try await scene.openResources(
            Resource("N", marks: "ao"), Resource("P", capacity: 2, below: "N", blockers: ["B"]))
    }

    /// The same with a unit of the pool held by `alice`.
    private static func openHeldPool(_ scene: Scene) async throws {
        try await openPool(scene)
        #expect(try await scene.claim(Hold("P", ttlMs: 30_000)).answer.text(1) == "ACQUIRED")
    }

    private static let plainNames = [
        SampleCall(
            script: "reservation/acquire", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0) + [$0.shardKey("due")] },
            arrange: { scene in
                try await Self.openHolds(scene)
                return scene.acquireArguments([Hold()])
            }),
        SampleCall(
            script: "reservation/acquire", variant: "after an expired hold", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0) + [$0.shardKey("due"), $0.key("q:bob")] },
            arrange: { scene in
                try await Self.openHolds(scene)
                var old = Hold()
                old.requester = "bob"
                _ = try await scene.acquire(old)
                try await scene.setClock(Scene.startMs + 30_000)
                return scene.acquireArguments([Hold()])
            }),
        SampleCall(
            script: "reservation/release", word: "ITEMS", again: "ITEMS", typed: { Self.hold($0) },
            arrange: { scene in
                try await Self.openHolds(scene)
                _ = try await scene.acquire(Hold())
                return scene.releaseArguments([Hold()])
            }),
        SampleCall(
            script: "reservation/release", variant: "of an expired hold", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0) },
            arrange: { scene in
                try await Self.openHolds(scene)
                _ = try await scene.acquire(Hold())
                try await scene.setClock(Scene.startMs + 30_000)
                return scene.releaseArguments([Hold()])
            }),
        SampleCall(
            script: "reservation/check", word: "ITEMS", again: "ITEMS", typed: { [$0.tenantKey, $0.holdKey("gpu-1")] },
            arrange: { scene in
                try await scene.openTenant()
                _ = try await scene.acquire(Hold())
                return scene.checkArguments(["gpu-1"])
            }),
        SampleCall(
            script: "reservation/expire", word: "EXPIRED", again: "EXPIRED",
            typed: { [$0.key("act"), $0.shardKey("due"), $0.key("ev")] },
            arrange: { scene in
                try await scene.openTenant()
                _ = try await scene.acquire(Hold())
                try await scene.setClock(Scene.startMs + 30_000)
                return ["limit": "10"]
            }),
        SampleCall(
            script: "reservation/count_operation", word: "COUNTED", again: "OVER",
            typed: { [$0.tenantKey, $0.key("om:28333333"), $0.key("od:19675")] },
            arrange: { scene in
                try await scene.openTenant()
                return ["tag": "A1", "minute_limit": "1", "day_limit": "2"]
            }),
    ]

    private static let giving = [
        SampleCall(
            script: "reservation/renew", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0) + [$0.shardKey("due")] },
            arrange: { scene in
                try await Self.openHolds(scene)
                _ = try await scene.acquire(Hold())
                return RenewTests.arguments([Hold()], ttlMs: 60_000, isRegistered: false, tag: "A1")
            }),
        SampleCall(
            script: "reservation/renew", variant: "of a unit of a pool", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0, "P_0") + [$0.shardKey("due"), $0.key("ph:P")] },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return RenewTests.arguments([Hold("P")], ttlMs: 60_000)
            }),
    ]

    private static let taking = [
        SampleCall(
            script: "reservation/claim", word: "ITEMS", again: "ITEMS", typed: { Self.claimed($0) },
            arrange: { scene in
                try await Self.openPool(scene)
                return scene.claimArguments([Hold("P", ttlMs: 30_000)])
            }),
        SampleCall(
            script: "reservation/claim", variant: "of another unit", word: "ITEMS", again: "ITEMS",
            typed: { scene in
                let first = [scene.holdKey("P_0"), scene.holdKey("B"), scene.key("q:alice")]
                return Self.claimed(scene).filter { !first.contains($0) } + [scene.holdKey("P_1"), scene.key("q:bob")]
            },
            arrange: { scene in
                try await scene.openResources(
                    Resource("N", capacity: 2, marks: "ao"), Resource("P", capacity: 2, below: "N", blockers: ["B"]))
                _ = try await scene.claim(Hold("P", ttlMs: 30_000))
                return scene.claimArguments([Hold("P", by: "bob", ttlMs: 30_000)])
            }),
        SampleCall(
            script: "reservation/transact", word: "ITEMS", again: "ITEMS", typed: { Self.claimed($0) },
            arrange: { scene in
                try await Self.openPool(scene)
                return scene.transactArguments([Hold("P", ttlMs: 30_000), Hold("gpu-1")])
            }),
    ]

    private static let givingBack = [
        SampleCall(
            script: "reservation/release", variant: "of a unit of a pool", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0, "P_0") + Self.derived($0) },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return scene.releaseArguments([Hold("P")], isRegistered: true, tag: Scene.tag())
            }),
        SampleCall(
            script: "reservation/transact_release", word: "ITEMS", again: "ITEMS",
            typed: { Self.hold($0, "P_0") + Self.derived($0) + [$0.holdKey("P"), $0.shardKey("due")] },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return scene.transactReleaseArguments([Hold("P")])
            }),
        SampleCall(
            script: "reservation/release_requester", word: "RELEASED", again: "RELEASED",
            typed: { [$0.tenantKey, $0.key("q:alice"), $0.key("act"), $0.key("ev"), $0.shardKey("due")] },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return ReleaseRequesterTests.arguments("alice")
            }),
        SampleCall(
            script: "reservation/force_release", word: "FORCED", again: "FREE",
            typed: { Self.hold($0, "P_0") + Self.derived($0) + [$0.shardKey("due")] + Self.journal($0) },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return ["resource": "P", "entry": "{\"operation\":\"forceUnreserve\"}", "context": ""]
            }),
    ]

    /// Keys of a live stream, and those of a tenant's events when the tag says that there are any.
    private static func stream(_ scene: Scene) -> [ByteText] {
        [scene.tenantKey, scene.key("es"), scene.shardKey("due")]
    }

    private static let streaming = [
        SampleCall(
            script: "reservation/give_back", word: "ITEMS", again: "ITEMS",
            typed: {
                Self.hold($0, "P_0") + Self.derived($0) + [$0.holdKey("P"), $0.shardKey("due")] + Self.journal($0)
            },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                try await scene.setMarks("h")
                return scene.giveBackArguments([Hold("P")])
            }),
        SampleCall(
            script: "reservation/claim", variant: "that is told of", word: "ITEMS", again: "ITEMS",
            typed: { Self.claimed($0) + Self.journal($0) },
            arrange: { scene in
                try await Self.openPool(scene)
                try await scene.setMarks("hw")
                return scene.claimArguments([Hold("P", ttlMs: 30_000)], tag: Scene.tag() + "hw")
            }),
        SampleCall(
            script: "reservation/expire", variant: "that is told of", word: "EXPIRED", again: "EXPIRED",
            typed: { [$0.tenantKey, $0.key("act"), $0.shardKey("due"), $0.key("ev")] + Self.journal($0) },
            arrange: { scene in
                try await scene.openTenant()
                _ = try await scene.acquire(Hold())
                try await scene.setMarks("h", tag: "A1")
                try await scene.setClock(Scene.startMs + 30_000)
                return ["limit": "10"]
            }),
        SampleCall(
            script: "reservation/open_stream", word: "OPENED", again: "STALE",
            typed: { Self.stream($0) + [$0.key("ev")] },
            arrange: { scene in
                try await Self.openHolds(scene)
                return scene.openStreamArguments("s1")
            }),
        SampleCall(
            script: "reservation/renew_streams", word: "RENEWED", again: "RENEWED",
            typed: { Self.stream($0) + [$0.key("ev")] },
            arrange: { scene in
                try await Self.openHolds(scene)
                return ScriptArguments(["lease_ms": "60000"], rest: ["s1", "s2"])
            }),
        SampleCall(
            script: "reservation/close_streams", word: "CLOSED", again: "CLOSED", typed: { Self.stream($0) },
            arrange: { scene in
                try await scene.openTenant()
                _ = try await scene.run("reservation/open_stream", scene.openStreamArguments("s1"))
                return ScriptArguments([:], rest: ["s1"])
            }),
        SampleCall(
            script: "reservation/end_streams", word: "EXPIRED", again: "EXPIRED", typed: { Self.stream($0) },
            arrange: { scene in
                try await scene.openTenant()
                _ = try await scene.run("reservation/open_stream", scene.openStreamArguments("s1"))
                try await scene.setClock(Scene.startMs + 60_000)
                return ["limit": "10"]
            }),
        SampleCall(
            script: "reservation/stream_events", word: "EVENTS", again: "EVENTS", typed: { [$0.key("ev")] },
            arrange: { scene in
                try await Self.openHolds(scene)
                return ["after": "0", "limit": "10"]
            }),
    ]

    private static let lookingOn = [
        SampleCall(
            script: "reservation/check", variant: "of registered resources", word: "ITEMS", again: "ITEMS",
            typed: { scene in
                [scene.tenantKey, scene.holdKey("N"), scene.holdKey("P_0")]
                    + ["def", "act", "ph:P", "an:N"].map { scene.key($0) }
            },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return scene.checkArguments(["P", "N", "P_0"], isRegistered: true, tag: Scene.tag())
            }),
        SampleCall(
            script: "reservation/holds", word: "HOLDS", again: "HOLDS", typed: { [$0.tenantKey, $0.key("act")] },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return ["tag": Scene.tag(), "score": "", "member": "", "limit": "10"]
            }),
    ]

    private static let defining = [
        SampleCall(
            script: "reservation/define", word: "DEFINED", again: "STALE",
            typed: { scene in
                [scene.tenantKey, scene.holdKey("N"), scene.holdKey("L_5")]
                    + ["def", "dl", "dv", "ds:L", "dc:N", "ph:N", "ph:L_5"].map { scene.key($0) }
            },
            arrange: { scene in
                try await scene.openTenant()
                return scene.defineArguments([Resource("N", marks: "ao"), Resource("L_5", below: "N")])
            }),
        SampleCall(
            script: "reservation/define", variant: "of another place", word: "DEFINED", again: "CHANGED",
            typed: { scene in [scene.tenantKey] + ["def", "dl", "dv", "dc:N", "dc:M"].map { scene.key($0) } },
            arrange: { scene in
                try await scene.openResources(
                    Resource("N", marks: "ao"), Resource("M", marks: "ao"), Resource("L", below: "N"))
                return scene.defineArguments([Resource("L", below: "M")], version: 1, tag: Scene.tag())
            }),
        SampleCall(
            script: "reservation/adopt", word: "ADOPTED", again: "ADOPTED",
            typed: { scene in ["def", "ph:P", "pb:P", "an:P"].map { scene.key($0) } },
            arrange: { scene in
                try await scene.openTenant()
                _ = try await scene.acquire(Hold("P_0"))
                let pool = scene.defineArguments([Resource("P", capacity: 2)])
                #expect(try await scene.run("reservation/define", pool).word == "DEFINED")
                return scene.adoptArguments("P", 0..<2)
            }),
        SampleCall(
            script: "reservation/undefine", word: "DELETED", again: "CHANGED",
            typed: { scene in
                [scene.tenantKey] + ["def", "dl", "dv", "ds:L", "dc:N", "act"].map { scene.key($0) }
            },
            arrange: { scene in
                try await scene.openResources(Resource("N", marks: "ao"), Resource("L_5", below: "N"))
                return UndefineTests.arguments(["L_5", "N"])
            }),
        SampleCall(
            script: "reservation/definitions", word: "PAGE", again: "PAGE",
            typed: { scene in
                [scene.tenantKey, scene.holdKey("N")]
                    + ["def", "dl", "dv", "act", "ph:P", "an:N"].map { scene.key($0) }
            },
            arrange: { scene in
                try await Self.openHeldPool(scene)
                return ["tag": Scene.tag(), "after": "", "limit": "10", "swept_ms": "0"]
            }),
        SampleCall(
            script: "reservation/find_definitions", word: "FOUND", again: "FOUND",
            typed: { scene in [scene.tenantKey] + ["def", "dv", "ds:P", "dc:N"].map { scene.key($0) } },
            arrange: { scene in
                try await Self.openPool(scene)
                return ScriptArguments(["tag": Scene.tag()], rest: ["dP", "sP", "cN"])
            }),
    ]
}
