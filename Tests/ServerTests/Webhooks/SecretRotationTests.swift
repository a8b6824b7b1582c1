// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import SharedKernel
import Testing
import Webhooks

@Suite("Rotation of webhook secrets")
struct SecretRotationTests {
    private static let newKey = SecretBytes([UInt8](repeating: 9, count: 32))

    private static func shown(_ registry: PrometheusRegistry) -> [String] {
        String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("holdfast_webhook_secrets") }.sorted()
    }

    private static func expected(resealed: Int, unreadable: Int) -> [String] {
        [
            "holdfast_webhook_secrets_behind 0", "holdfast_webhook_secrets_failures_total 0",
            "holdfast_webhook_secrets_resealed_total \(resealed)", "holdfast_webhook_secrets_unreadable \(unreadable)",
        ]
    }

    private static func row(_ world: WebhookWorld, _ owner: String, _ id: String) async throws -> [UInt8] {
        var shard = Array(id.dropFirst(6).prefix(2)).map(String.init).joined()
        if owner != "__system__" { shard = try await world.shard(of: owner) }
        return try await world.redis("HGET", "hf:{\(shard)}:t:\(owner):wh", id).bytes ?? []
    }

    private static func parts(_ row: [UInt8]) -> [ArraySlice<UInt8>] {
        row.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false)
    }

    @Test("89: with a new key in front all secrets are sealed anew, and then the old key can go")
    func rotates() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let (id, secret) = try await world.subscribe(receiver)
            _ = try await world.subscribe(receiver, path: "/operator", key: .admin)
            var ids: [String] = [id]
            for _ in 0..<120 { ids.append(try await world.subscribe(receiver, path: "/many").id) }
            let before = try await Self.row(world, "acme", id)
            // It never was sealed: no key opens it.
            let broken = "hf:{\(try await world.shard(of: "acme"))}:t:acme:wh"
            try await world.redis("HSET", broken, ids[60], "A\0" + "1\0" + "1\0v1.00000000.AAAA\0{}")
            try await world.withWorker({ $0.shared.secretKeys = [Self.newKey, WebhookWorld.secretKey] }) { registry in
                try await eventually("a round has seen all") {
                    Self.shown(registry).contains("holdfast_webhook_secrets_behind 0")
                }
                #expect(Self.shown(registry) == Self.expected(resealed: 121, unreadable: 1))
            }
            let after = try await Self.row(world, "acme", id)
            #expect(before != after)
            for place in [0, 1, 2, 4] { #expect(Self.parts(before)[place] == Self.parts(after)[place], "\(place)") }
            let alone = try #require(SecretBox(keys: [Self.newKey]))
            for id in ids where id != ids[60] {
                let sealed = Array(Self.parts(try await Self.row(world, "acme", id))[3])
                let opened = try WebhookSecret(sealed: sealed, for: [UInt8](id.utf8), in: alone)
                if id == ids[0] { #expect(opened.secret.reveal() == [UInt8](secret.utf8)) }
            }
            try await world.redis("HDEL", broken, ids[60])
            try await world.withWorker({ $0.shared.secretKeys = [Self.newKey] }) { registry in
                try await world.fund("one")
                try await eventually("the events are delivered") {
                    receiver.hooks(at: "/hook").count == 1 && receiver.hooks(at: "/operator").count == 1
                }
                let hook = receiver.hooks(at: "/hook")[0]
                let key = SecretBytes([UInt8](secret.utf8))
                #expect(hook["X-Cycles-Signature"] == WebhookHeaders.signature(key, hook.body))
                try await eventually("a round has seen all") {
                    Self.shown(registry) == Self.expected(resealed: 0, unreadable: 1)
                }
            }
        }
        try await receiver.close()
    }
}
