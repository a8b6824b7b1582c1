// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Deletes rows of a tenant's reservation directory that no list shows any more, one string of rows a call.
package struct TrimRows: Sendable {
    /// What a call did.
    package struct Outcome: Sendable, Equatable {
        package let rows, paths: Int64
    }

    private let keys: [[UInt8]]
    private let keepMs: Int64
    /// What the next call looks at; empty after the last.
    private var from: [UInt8] = [UInt8]("new".utf8)

    /// The rows of a tenant with these KEYS; `keepMs` is how long finished reservations are kept.
    package init(keys: [[UInt8]], keepMs: Int64) {
        self.keys = keys
        self.keepMs = keepMs
    }

    /// The next call; nil when all strings were looked at.
    package var call: ScriptCall? {
        guard !from.isEmpty else { return nil }
        var call = ScriptCall(.budgetTrimRows, keys: keys)
        call.append(decimal: keepMs)
        call.append(from)
        return call
    }

    /// Reads the reply and goes on.
    package mutating func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        guard reply.isWord("TRIMMED") else { throw reply.malformed("word") }
        from = try reply.bytes(2)
        return Outcome(rows: try reply.int(0), paths: try reply.int(1))
    }
}
