// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Testing
import Verification

@Suite("Marks of tenants")
struct TagMarksTests {
    @Test(
        "marks in their order are sound, anything else behind the epoch is found",
        arguments: [
            ("h", true), ("w", true), ("hw", true), ("wh", false), ("ww", false), ("x", false), (" ", false),
        ])
    func marks(marks: String, isSound: Bool) async throws {
        try await Installation.with { store in
            let actor = try await Actor("acme", in: store)
            let key = actor.principal.keys[1]
            let tag = try await store.redis([UInt8]("GET".utf8), key).bytes ?? []
            _ = try await store.redis([UInt8]("SET".utf8), key, tag + [UInt8](marks.utf8))
            // A mark that nobody asked for is another matter.
            let found = try await store.verify().violations.filter { $0.subject == .tenant }
            #expect(found.isEmpty == isSound)
        }
    }
}
