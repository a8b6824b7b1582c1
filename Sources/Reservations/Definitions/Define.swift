// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Slots of a pool in which there may be holds older than the pool.
package struct OpenSlots: Hashable, Sendable {
    package let pool: [UInt8]
    package let range: Range<Int64>

    /// These slots of this pool.
    package init(pool: [UInt8], range: Range<Int64>) {
        self.pool = pool
        self.range = range
    }
}

/// Writes definitions that were checked against those of a certain version.
package struct Define: Sendable {
    /// What may come of the call.
    package enum Outcome: Sendable {
        case defined(version: [UInt8], [OpenSlots])
        /// The definitions have another version by now; nothing was written.
        case changed
        case tenantClosed
        case tenantSuspended
    }

    /// At most `Limits.definitionsWrittenPerCall`.
    package let rows: ArraySlice<Registration.Row>
    package let version: [UInt8]

    /// The first few of these rows, as many as fit in a call.
    package init(_ rows: ArraySlice<Registration.Row>, version: [UInt8]) {
        self.rows = rows.prefix(Limits.definitionsWrittenPerCall)
        self.version = version
    }

    /// One round trip; never sent twice.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationDefine, keys: principal.keys, reservingBytes: 256 + 128 * rows.count)
        call.append(principal.tag)
        call.append(version)
        for row in rows {
            call.append(row.name)
            call.append(decimal: row.definition.capacity)
            call.append(row.definition.parent)
            call.append(Array(row.definition.blockers.joined(separator: [9])))
            call.append((row.definition.isAncestor ? "a" : "") + (row.definition.hasOwnPlace ? "o" : ""))
        }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        if reply.isWord("CHANGED") { return .changed }
        guard reply.isWord("DEFINED"), reply.count % 3 == 1 else { throw reply.malformed("word") }
        var open: [OpenSlots] = []
        for first in stride(from: 1, to: reply.count, by: 3) {
            let (lower, upper) = (try reply.int(first + 1), try reply.int(first + 2))
            guard lower < upper else { throw reply.malformed("slots") }
            open.append(OpenSlots(pool: try reply.bytes(first), range: lower..<upper))
        }
        return .defined(version: try reply.bytes(0), open)
    }
}

/// Makes holds of names that became slots of a pool units of the pool.
package struct AdoptSlots: Sendable {
    package let pool: [UInt8]
    private let end: Int64
    /// At most `Limits.slotsAdoptedPerCall`.
    package let range: Range<Int64>
    /// The first few of these slots, as many as fit in a call.
    package init(_ open: OpenSlots) {
        let middle = min(open.range.lowerBound + Limits.slotsAdoptedPerCall, open.range.upperBound)
        pool = open.pool
        range = open.range.lowerBound..<middle
        end = open.range.upperBound
    }

    /// Reads the reply: what is left for further calls; nothing when the pool is gone.
    package func rest(_ reply: ScriptReply) throws(ScriptFault) -> OpenSlots? {
        if reply.isWord("GONE") { return nil }
        let next = try reply.int(0)
        guard reply.isWord("ADOPTED"), range.lowerBound < next, next <= range.upperBound else {
            throw reply.malformed("slots")
        }
        return next < end ? OpenSlots(pool: pool, range: next..<end) : nil
    }

    /// One round trip.
    package func call(keys: [[UInt8]]) -> ScriptCall {
        var call = ScriptCall(.reservationAdopt, keys: keys)
        call.append(pool)
        call.append(decimal: range.lowerBound)
        call.append(decimal: range.upperBound)
        return call
    }
}
