// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// One page of a tenant's ledgers.
package struct Balances: Sendable {
    /// The last directory entry of the page before; empty for the first page.
    package var after: [UInt8]
    /// Rows wanted.
    package var limit: Int64
    /// `level:value`, each of which must be a whole segment of the path.
    package var segments: [[UInt8]]

    /// A page of these parts.
    package init(after: [UInt8], limit: Int64, segments: [[UInt8]]) {
        self.after = after
        self.limit = limit
        self.segments = segments
    }

    /// Rows found by one call; `last` is where to go on when `hasMore`.
    package struct Page: Sendable {
        package var rows: [LedgerRow]
        package var last: [UInt8]
        package var hasMore: Bool
    }

    /// One round trip; looks at no more than 1,000 directory entries. `sweptMs` is the time of a sweep that a BEHIND
    /// reply led to, 0 before there was one.
    package func call(for principal: Principal, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.budgetBalances, keys: principal.keys)
        call.append(principal.tag)
        call.append(after)
        call.append(decimal: limit)
        call.append(decimal: sweptMs)
        for segment in segments { call.append(segment) }
        return call
    }

    /// Reads the reply.
    package func page(_ reply: ScriptReply) throws(ScriptFault) -> Page {
        guard reply.isWord("ROWS") else { throw reply.malformed("word") }
        var page = Page(rows: [], last: try reply.bytes(1), hasMore: try reply.int(0) == 1)
        for index in stride(from: 2, to: reply.count, by: 8) {
            var fields: [[UInt8]] = []
            for field in 2..<8 { fields.append(try reply.bytes(index + field)) }
            guard let letter = try reply.bytes(index + 1).first, let unit = BudgetUnit(letter: letter),
                let state = LedgerState(fields[...])
            else { throw reply.malformed("row") }
            page.rows.append(LedgerRow(path: try reply.bytes(index), unit: unit, state: state))
        }
        return page
    }
}
