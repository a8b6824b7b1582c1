// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/open_session", .privateRedis, .serialized)
struct OpenSessionTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenantWithKeys()
    }

    static func arguments(jwk: ByteText = "", keyID: ByteText = "") -> ScriptArguments {
        [
            "session_id": "sess_1", "hash": "ab34", "life_ms": "600000", "json": "{\"name\":\"short\"}", "jwk": jwk,
            "key_id": keyID,
        ]
    }

    private func open(jwk: ByteText = "", keyID: ByteText = "") async throws -> Observation {
        try await self.scene.observe("admin/open_session", Self.arguments(jwk: jwk, keyID: keyID))
    }

    /// The row that `admin/authenticate` finds for the token.
    private func row() async throws -> ByteText {
        try await self.scene.run("admin/authenticate", ["key_id": "sess_1"]).text(1)
    }

    /// Of an API key a token can what the key can now.
    private static let keyRow = row.replacing("short", with: "first")

    private static let row: ByteText = ["ab34", "A", "1700000000000", "1700000600000", "{\"name\":\"short\"}"].joined(
        "\0")

    @Test("A token of an API key is good as long as the key is")
    func ofKey() async throws {
        let seen = try await self.open(keyID: "key_1")
        #expect(seen.answer == .reply("OPENED"))
        seen.expectChanges([
            self.scene.key("s:sess_1"): .hash(["row": Self.row, "jwk": "", "key": "key_1"], keepMs: 600_000)
        ])
        #expect(try await self.row() == Self.keyRow)
        try await self.scene.setClock(Scene.startMs + 1_000)
        #expect(try await self.row() == "", "the key has ended")
        try await self.scene.setClock(Scene.startMs)
        #expect(try await self.scene.run("admin/revoke_key", TenantCalls.revokeKey()).word == "REVOKED")
        #expect(try await self.row() == "")
    }

    @Test("A token of a JWT is good as long as the tenant has the key that verified it")
    func ofJWT() async throws {
        let jwk: ByteText = "{\"kid\":\"k1\",\"alg\":\"ES256\"}"
        try await self.open(jwk: jwk).expectUnchanged(.reply("GONE"))
        let other: ByteText = "{\"kid\":\"k1\",\"alg\":\"RS256\"}"
        for (keys, isGood) in [([jwk], true), ([other, jwk], true), ([other], false), ([], false)] {
            let json = "[" + keys.joined(",") + "]"
            try await self.scene.harness.command("HSET", self.scene.key("p"), "jwt_keys", json)
            if keys == [jwk] { #expect(try await self.open(jwk: jwk).answer == .reply("OPENED")) }
            #expect(try await self.row() == (isGood ? Self.row : ""), "\(keys)")
        }
        try await self.scene.harness.command("HDEL", self.scene.key("p"), "jwt_keys")
        #expect(try await self.row() == "")
    }

    @Test("There is no token for a key that is not there, nor for a tenant that is gone or closed")
    func gone() async throws {
        try await self.open(keyID: "key_9").expectUnchanged(.reply("GONE"))
        #expect(try await self.open(keyID: "key_1").answer == .reply("OPENED"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await self.open(keyID: "key_1").expectUnchanged(.reply("GONE"))
        #expect(try await self.row() == "")
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.open(keyID: "key_1").expectUnchanged(.reply("GONE"))
    }
}
