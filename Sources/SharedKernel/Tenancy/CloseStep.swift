// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog

/// Ends the next few things of a closed tenant: reservations, locks, budgets, API keys. Idempotent, so a server and any
/// number of workers may run it at once, and a step that was the last one before a crash is gone on from.
package struct CloseStep: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// How long the released reservations' records are kept, ms.
    package var keepMs: Int64
    /// At most so many things, 1 to `Limits.closeBatchMax`.
    package var limit = Limits.closeBatchMax

    /// A step for this tenant.
    package init(keys: [[UInt8]], keepMs: Int64) {
        self.keys = keys
        self.keepMs = keepMs
    }

    /// What a step did.
    package struct Progress: Hashable, Sendable {
        /// Things ended.
        package var ended: Int64
        /// Ids of those left because their records are corrupt; a worker tries them again after a minute.
        package var failed: [[UInt8]]
        /// Whether there is more to do now.
        package var hasMore: Bool
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.adminCloseStep, keys: keys)
        call.append(decimal: Int64(limit))
        call.append(decimal: keepMs)
        return call
    }

    /// Reads the reply.
    package func progress(_ reply: ScriptReply) throws(ScriptFault) -> Progress {
        guard reply.isWord("STEP") else { throw reply.malformed("word") }
        var progress = Progress(ended: try reply.int(0), failed: [], hasMore: try reply.int(2) == 1)
        for index in 3..<max(3, reply.count) { progress.failed.append(try reply.bytes(index)) }
        return progress
    }
}
