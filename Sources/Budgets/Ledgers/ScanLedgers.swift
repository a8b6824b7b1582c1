// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// What a scan of ledgers is narrowed to before they are read.
package struct ScanBounds: Sendable {
    /// What paths must begin with.
    package var within: [UInt8] = []
    /// Nil for every unit.
    package var unit: BudgetUnit?

    /// Every ledger.
    package init() {}

    fileprivate func append(to call: inout ScriptCall) {
        call.append(within)
        call.append(unit.map { [$0.letter] } ?? [])
    }
}

/// Rows found by one call of a scan.
package struct ScanPiece: Sendable {
    package var rows: [LedgerRow] = []
    /// Directory entries whose ledgers cannot be read; a scan of a shard goes on without them.
    package var unreadable: [[UInt8]] = []
    /// Directory entries, and tenants, looked at.
    package var read: Int64
    /// Where to go on when `hasMore`: of a scan of a shard the tenant, and the last directory entry seen.
    package var tenant: [UInt8]
    package var last: [UInt8]
    package var hasMore: Bool

    fileprivate init(_ reply: ScriptReply, hasTenant: Bool) throws(ScriptFault) {
        guard reply.isWord("ROWS") else { throw reply.malformed("word") }
        let first = hasTenant ? 4 : 3
        hasMore = try reply.int(0) == 1
        read = try reply.int(1)
        tenant = hasTenant ? try reply.bytes(2) : []
        last = try reply.bytes(first - 1)
        rows.reserveCapacity((reply.count - first) / 2)
        for index in stride(from: first, to: reply.count, by: 2) {
            let entry = try reply.bytes(index)
            if let row = LedgerRow(entry: entry, stored: try reply.bytes(index + 1)) {
                rows.append(row)
            } else if hasTenant {
                unreadable.append(entry)
            } else {
                throw reply.malformed("ledger")
            }
        }
    }
}

/// The next ledgers of a tenant in the order of path and unit.
package struct ScanLedgers: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// The caller's cached tag; empty not to hold it against the tenant's.
    package var tag: [UInt8]
    package var bounds: ScanBounds
    package var isDescending: Bool
    /// The last directory entry seen; empty to begin.
    package var after: [UInt8]
    /// Directory entries to read.
    package var room: Int64

    /// A scan of these parts.
    package init(
        keys: [[UInt8]], tag: [UInt8], bounds: ScanBounds, isDescending: Bool, after: [UInt8], room: Int64
    ) {
        self.keys = keys
        self.tag = tag
        self.bounds = bounds
        self.isDescending = isDescending
        self.after = after
        self.room = room
    }

    /// One round trip; looks at no more than 1,000 directory entries. `sweptMs` as in `Balances`.
    package func call(sweptMs: Int64) -> ScriptCall {
        var call = ScriptCall(.adminScanBudgets, keys: keys)
        call.append(tag)
        call.append(isDescending ? "desc" : "asc")
        call.append(after)
        bounds.append(to: &call)
        call.append(decimal: min(room, Limits.ledgersPerScan))
        call.append(decimal: sweptMs)
        return call
    }

    /// Reads the reply.
    package func piece(_ reply: ScriptReply) throws(ScriptFault) -> ScanPiece {
        try ScanPiece(reply, hasTenant: false)
    }
}

/// The next ledgers of all tenants of a shard.
package struct ScanShardLedgers: Sendable {
    package var shard: Shard
    package var bounds: ScanBounds
    /// Where the piece before ended; empty to begin.
    package var tenant: [UInt8]
    package var after: [UInt8]

    /// A scan of these parts.
    package init(shard: Shard, bounds: ScanBounds, tenant: [UInt8], after: [UInt8]) {
        self.shard = shard
        self.bounds = bounds
        self.tenant = tenant
        self.after = after
    }

    /// One round trip; looks at no more than 1,000 tenants and directory entries.
    package var call: ScriptCall {
        var call = ScriptCall(.adminScanShardBudgets, keys: [shard.prefix])
        call.append(tenant)
        call.append(after)
        bounds.append(to: &call)
        return call
    }

    /// Reads the reply.
    package func piece(_ reply: ScriptReply) throws(ScriptFault) -> ScanPiece {
        try ScanPiece(reply, hasTenant: true)
    }
}
