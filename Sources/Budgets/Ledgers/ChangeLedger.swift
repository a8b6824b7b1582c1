// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// What a change of a ledger leaves in log and journal.
package struct LedgerTrail: Sendable {
    /// JSON of the audit entry.
    package var auditEntry: [UInt8]
    /// JSON of request and trace ids for the events.
    package var eventContext: [UInt8]
    /// Beginning of the events' JSON: scope and unit.
    package var place: [UInt8]
    /// Further members of the first event, each with a comma before it.
    package var more: [UInt8]

    /// A trail of these parts.
    package init(auditEntry: [UInt8], eventContext: [UInt8], place: [UInt8], more: [UInt8]) {
        self.auditEntry = auditEntry
        self.eventContext = eventContext
        self.place = place
        self.more = more
    }

    fileprivate func append(to call: inout ScriptCall) {
        call.append(auditEntry)
        call.append(eventContext)
        call.append(place)
        call.append(more)
    }
}

/// What may come of a change of a ledger's settings.
package enum LedgerChange: Sendable {
    /// Done; whether this put the ledger over its overdraft limit.
    case changed(LedgerDetail, entersOverLimit: Bool)
    /// It is what it should become.
    case already
    case tenantClosed
    case closed
    case noBudget

    fileprivate init(_ reply: ScriptReply, _ path: ScopePath, _ unit: BudgetUnit) throws(ScriptFault) {
        if reply.isWord("NO_BUDGET") {
            self = .noBudget
        } else if reply.isWord("ALREADY") {
            self = .already
        } else if reply.isWord("CLOSED") {
            self = try reply.bytes(0) == [UInt8]("TENANT".utf8) ? .tenantClosed : .closed
        } else {
            guard reply.isWord("UPDATED") || reply.isWord("CHANGED") else { throw reply.malformed("word") }
            guard
                let detail = LedgerDetail(
                    entry: path.bytes + [0, unit.letter], stored: try reply.bytes(0), terms: try reply.bytes(1))
            else { throw reply.malformed("ledger") }
            let wasOver = reply.isWord("UPDATED") ? try reply.int(2) == 1 : detail.row.state.isOverLimit
            self = .changed(detail, entersOverLimit: detail.row.state.isOverLimit && !wasOver)
        }
    }
}

/// Gives a ledger another overdraft limit, overage policy or metadata; nil leaves each as it is.
package struct UpdateLedger: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    package var path: ScopePath
    package var unit: BudgetUnit
    package var overdraftLimit: Int64?
    package var policy: OveragePolicy?
    /// JSON as sent.
    package var metadata: ArraySlice<UInt8>?

    /// A change of these parts.
    package init(
        keys: [[UInt8]], path: ScopePath, unit: BudgetUnit, overdraftLimit: Int64?, policy: OveragePolicy?,
        metadata: ArraySlice<UInt8>?
    ) {
        self.keys = keys
        self.path = path
        self.unit = unit
        self.overdraftLimit = overdraftLimit
        self.policy = policy
        self.metadata = metadata
    }

    /// One round trip.
    package func call(leaving trail: LedgerTrail) -> ScriptCall {
        var call = ScriptCall(.adminUpdateBudget, keys: keys, reservingBytes: 2_048)
        call.append(path.bytes)
        call.append([unit.letter])
        if let overdraftLimit { call.append(decimal: overdraftLimit) } else { call.append([UInt8]()) }
        call.append(policy.map { [$0.ledgerLetter] } ?? [])
        call.append(metadata ?? [])
        trail.append(to: &call)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> LedgerChange {
        try LedgerChange(reply, path, unit)
    }
}

/// Freezes a ledger, or makes it active again.
package struct FreezeLedger: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    package var path: ScopePath
    package var unit: BudgetUnit
    /// Whether it shall be frozen.
    package var freezes: Bool

    /// A change of these parts.
    package init(keys: [[UInt8]], path: ScopePath, unit: BudgetUnit, freezes: Bool) {
        self.keys = keys
        self.path = path
        self.unit = unit
        self.freezes = freezes
    }

    /// One round trip.
    package func call(leaving trail: LedgerTrail) -> ScriptCall {
        var call = ScriptCall(.adminFreezeBudget, keys: keys, reservingBytes: 2_048)
        call.append(path.bytes)
        call.append([unit.letter])
        call.append(freezes ? "F" : "A")
        trail.append(to: &call)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> LedgerChange {
        try LedgerChange(reply, path, unit)
    }
}
