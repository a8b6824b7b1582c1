// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Reads one budget reservation.
package struct Lookup: Sendable {
    package var id: BudgetReservationID

    /// A look at this reservation.
    package init(id: BudgetReservationID) { self.id = id }

    /// What may come of it.
    package enum Outcome: Sendable {
        case found(BudgetRecord, nowMs: Int64)
        case notFound
        case foreign
    }

    /// One round trip, in the tenant's shard.
    package func call(for access: TenantAccess) -> ScriptCall {
        var call = ScriptCall(.budgetGet, keys: access.keys)
        call.append(access.tag)
        call.append(id.hash)
        call.append(id.createdDigits)
        return call
    }

    /// In the shard that the id names, whoever asks: whether it exists there, and whose it is.
    package var ownerCall: ScriptCall {
        var call = ScriptCall(.budgetOwner, keys: [id.shard.prefix])
        call.append(id.hash)
        call.append(id.createdDigits)
        return call
    }

    /// Reads the reply of `ownerCall`: the owner's id, nil when there is no such reservation.
    package func owner(_ reply: ScriptReply) throws(ScriptFault) -> TenantID? {
        if reply.isWord("NOT_FOUND") { return nil }
        guard reply.isWord("FOREIGN"), let tenant = TenantID(try reply.bytes(0)) else { throw reply.malformed("owner") }
        return tenant
    }

    /// Reads the reply of `call`.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("FOUND") {
            return .found(try BudgetRecord(try reply.bytes(0), from: reply), nowMs: try reply.int(1))
        }
        if reply.isWord("NOT_FOUND") { return .notFound }
        if reply.isWord("FOREIGN") { return .foreign }
        throw reply.malformed("word")
    }
}
