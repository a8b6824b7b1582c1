// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel
internal import StrictJSON

/// Credits a ledger (admin digest 2.2, design section 6: a credit repays debt first).
package struct FundLedger: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// The caller's cached tag; empty under the admin key.
    package var tag: [UInt8]
    package var path: ScopePath
    package var unit: BudgetUnit
    package var amount: Int64
    /// From tenant, endpoint, scope, unit and idempotency key; nil when none was sent.
    package var key: Identity?
    /// Of the canonical request.
    package var fingerprint: Identity
    /// JSON of the audit entry.
    package var auditEntry: [UInt8]
    /// JSON of request and trace ids for the event.
    package var eventContext: [UInt8]
    /// JSON string; empty when absent.
    package var reason: ArraySlice<UInt8>

    /// A credit of these parts.
    package init(
        keys: [[UInt8]], tag: [UInt8], path: ScopePath, unit: BudgetUnit, amount: Int64, key: Identity?,
        fingerprint: Identity, auditEntry: [UInt8], eventContext: [UInt8], reason: ArraySlice<UInt8>
    ) {
        self.keys = keys
        self.tag = tag
        self.path = path
        self.unit = unit
        self.amount = amount
        self.key = key
        self.fingerprint = fingerprint
        self.auditEntry = auditEntry
        self.eventContext = eventContext
        self.reason = reason
    }

    /// A ledger before and after, and when.
    package struct Change: Sendable {
        package var atMs: Int64
        package var before: LedgerState
        package var after: LedgerState
    }

    /// What may come of it.
    package enum Outcome: Sendable {
        case funded(Change)
        case mismatch
        case noTenant
        case tenantClosed
        case noBudget
        case unitMismatch([BudgetUnit])
        case frozen
        case closed
        /// The result would leave int64.
        case overflow
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.adminFundBudget, keys: keys, reservingBytes: 2048)
        call.append(tag)
        call.append(path.bytes)
        call.append([unit.letter])
        call.append(decimal: amount)
        call.append(key?.text ?? [])
        call.append(fingerprint.text)
        call.append(auditEntry)
        call.append(eventContext)
        call.append(reason)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("FUNDED") || reply.isWord("REPLAYED") { return .funded(try change(reply)) }
        if reply.isWord("MISMATCH") { return .mismatch }
        if reply.isWord("NO_TENANT") { return .noTenant }
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("NO_BUDGET") { return .noBudget }
        if reply.isWord("UNIT") {
            return .unitMismatch(try reply.bytes(0).compactMap(BudgetUnit.init(letter:)))
        }
        if reply.isWord("DENIED") { return try reply.bytes(0) == [UInt8]("CLOSED".utf8) ? .closed : .frozen }
        if reply.isWord("OVERFLOW") { return .overflow }
        throw reply.malformed("word")
    }

    private func change(_ reply: ScriptReply) throws(ScriptFault) -> Change {
        let fields = try reply.bytes(0).split(separator: 32).map(Array.init)
        guard fields.count == 11, let atMs = parseDecimalInt64(fields[0]), let before = LedgerState(fields[1...6]),
            let allocated = parseDecimalInt64(fields[7]), let spent = parseDecimalInt64(fields[8]),
            let debt = parseDecimalInt64(fields[9])
        else { throw reply.malformed("result") }
        var after = before
        after.allocated = allocated
        after.spent = spent
        after.debt = debt
        after.flags = fields[10]
        return Change(atMs: atMs, before: before, after: after)
    }
}
