// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Reads one ledger (admin digest 1.4).
package struct LookupLedger: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// The caller's cached tag; empty under the admin key.
    package var tag: [UInt8]
    package var path: ScopePath
    package var unit: BudgetUnit

    /// A look at this ledger.
    package init(keys: [[UInt8]], tag: [UInt8], path: ScopePath, unit: BudgetUnit) {
        self.keys = keys
        self.tag = tag
        self.path = path
        self.unit = unit
    }

    /// One round trip; `sweptMs` as in `Balances`.
    package func call(sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.adminLookupBudget, keys: keys)
        call.append(tag)
        call.append(path.bytes)
        call.append([unit.letter])
        call.append(decimal: sweptMs)
        return call
    }

    /// Reads the reply: nil when there is no such ledger.
    package func ledger(_ reply: ScriptReply) throws(ScriptFault) -> LedgerDetail? {
        if reply.isWord("NO_BUDGET") { return nil }
        guard reply.isWord("FOUND") else { throw reply.malformed("word") }
        guard
            let detail = LedgerDetail(
                entry: path.bytes + [0, unit.letter], stored: try reply.bytes(0), terms: try reply.bytes(1))
        else { throw reply.malformed("ledger") }
        return detail
    }
}

/// Reads ledgers of one shard, for the page of a list.
package struct ReadLedgers: Sendable {
    /// The shard's prefix.
    package var prefix: [UInt8]
    /// Directory entries.
    package var entries: [[UInt8]]

    /// A look at these ledgers.
    package init(prefix: [UInt8], entries: [[UInt8]]) {
        self.prefix = prefix
        self.entries = entries
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.adminReadBudgets, keys: [prefix], reservingBytes: 256 + 96 * entries.count)
        for entry in entries { call.append(entry) }
        return call
    }

    /// Reads the reply, in the order of the entries.
    package func ledgers(_ reply: ScriptReply) throws(ScriptFault) -> [LedgerDetail] {
        guard reply.isWord("LEDGERS"), reply.count == 2 * entries.count else { throw reply.malformed("word") }
        var details: [LedgerDetail] = []
        details.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            guard
                let detail = LedgerDetail(
                    entry: entry, stored: try reply.bytes(2 * index), terms: try reply.bytes(2 * index + 1))
            else { throw reply.malformed("ledger") }
            details.append(detail)
        }
        return details
    }
}
