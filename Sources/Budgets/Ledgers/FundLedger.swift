// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel
internal import StrictJSON

/// What funding does to a ledger (admin digest 2.2).
package enum FundingOperation: String, CaseIterable, Sendable {
    /// Repays debt first (design section 6).
    case credit = "CREDIT"
    /// Refused when less remains.
    case debit = "DEBIT"
    /// Another allocation; all else stays.
    case reset = "RESET"
    case repayDebt = "REPAY_DEBT"
    /// Another allocation and other spending: a new period.
    case resetSpent = "RESET_SPENT"

    fileprivate var letter: UInt8 {
        switch self {
        case .credit: 67
        case .debit: 68
        case .reset: 82
        case .repayDebt: 80
        case .resetSpent: 83
        }
    }
}

/// Changes what a ledger has outside of reservations.
package struct FundLedger: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// The caller's cached tag; empty under the admin key.
    package var tag: [UInt8]
    package var path: ScopePath
    package var unit: BudgetUnit
    package var operation: FundingOperation
    package var amount: Int64
    /// What is spent after `resetSpent`; nil for nothing, and of no meaning otherwise.
    package var spent: Int64?
    /// From tenant, endpoint, scope, unit and idempotency key; nil when none was sent.
    package var key: Identity?
    /// Of the canonical request.
    package var fingerprint: Identity
    package var trail: LedgerTrail

    /// A change of these parts.
    package init(
        keys: [[UInt8]], tag: [UInt8], path: ScopePath, unit: BudgetUnit, operation: FundingOperation, amount: Int64,
        spent: Int64?, key: Identity?, fingerprint: Identity, trail: LedgerTrail
    ) {
        self.keys = keys
        self.tag = tag
        self.path = path
        self.unit = unit
        self.operation = operation
        self.amount = amount
        self.spent = spent
        self.key = key
        self.fingerprint = fingerprint
        self.trail = trail
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
        /// A debit of more than remains.
        case exceeded
        /// The result would leave int64.
        case overflow
    }

    /// One round trip; `sweptMs` as in `Balances`.
    package func call(sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.adminFundBudget, keys: keys, reservingBytes: 2048)
        call.append(tag)
        call.append(path.bytes)
        call.append([unit.letter])
        call.append(decimal: amount)
        call.append(key?.text ?? [])
        call.append(fingerprint.text)
        call.append(trail.auditEntry)
        call.append(trail.eventContext)
        call.append([operation.letter])
        call.append(decimal: spent ?? 0)
        call.append(trail.place)
        call.append(trail.more)
        call.append(decimal: sweptMs)
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
        if reply.isWord("SHORT") { return .exceeded }
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
