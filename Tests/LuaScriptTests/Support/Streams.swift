// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

extension Scene {
    /// Puts marks behind the epoch of a tag, without the bump that would come with them.
    func setMarks(_ marks: ByteText, tag: ByteText = Scene.tag()) async throws {
        try await self.harness.command("SET", self.tenantKey, tag + marks)
    }

    func openStreamArguments(_ id: ByteText, limit: ByteText = "", tag: ByteText = "A1") -> ScriptArguments {
        ["tag": tag, "id": id, "lease_ms": "60000", "limit": limit]
    }

    func openStream(_ id: ByteText, limit: ByteText = "", tag: ByteText = "A1") async throws -> Observation {
        try await self.observe("reservation/open_stream", self.openStreamArguments(id, limit: limit, tag: tag))
    }

    func giveBackArguments(
        _ holds: [Hold], context: ByteText = "{}", tag: ByteText = Scene.tag() + "h"
    ) -> ScriptArguments {
        ScriptArguments(["tag": tag, "context": context], rest: holds.flatMap(\.releaseItem))
    }
}
