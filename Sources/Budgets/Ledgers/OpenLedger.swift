// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Creates the ledger of a scope and unit (admin digest 1.4).
package struct OpenLedger: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// The caller's cached tag; empty under the admin key.
    package var tag: [UInt8]
    package var path: ScopePath
    package var unit: BudgetUnit
    package var allocated: Int64
    package var overdraftLimit: Int64
    package var policy: OveragePolicy?
    /// JSON of ledger id, rollover and period, NUL, metadata as JSON or nothing.
    package var terms: [UInt8]
    /// JSON of the audit entry.
    package var auditEntry: [UInt8]
    /// JSON of request and trace ids for the event.
    package var eventContext: [UInt8]

    /// A ledger of these parts.
    package init(
        keys: [[UInt8]], tag: [UInt8], path: ScopePath, unit: BudgetUnit, allocated: Int64, overdraftLimit: Int64,
        policy: OveragePolicy?, terms: [UInt8], auditEntry: [UInt8], eventContext: [UInt8]
    ) {
        self.keys = keys
        self.tag = tag
        self.path = path
        self.unit = unit
        self.allocated = allocated
        self.overdraftLimit = overdraftLimit
        self.policy = policy
        self.terms = terms
        self.auditEntry = auditEntry
        self.eventContext = eventContext
    }

    /// What may come of it.
    package enum Outcome: Sendable {
        case created(atMs: Int64)
        case duplicate
        case noTenant
        case inactive(TenantStatus)
    }

    /// One round trip; `payload` is the event's data as JSON.
    package func call(payload: [UInt8]) -> ScriptCall {
        var call = ScriptCall(.adminCreateBudget, keys: keys, reservingBytes: 2048)
        call.append(tag)
        call.append(path.bytes)
        call.append([unit.letter])
        call.append(decimal: allocated)
        call.append(decimal: overdraftLimit)
        call.append(policy.map { [$0.ledgerLetter] } ?? [48])
        call.append(terms)
        call.append(auditEntry)
        call.append(eventContext)
        call.append(payload)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CREATED") { return .created(atMs: try reply.int(0)) }
        if reply.isWord("DUPLICATE") { return .duplicate }
        if reply.isWord("NO_TENANT") { return .noTenant }
        if reply.isWord("INACTIVE"), let letter = try reply.bytes(0).first, let status = TenantStatus(rawValue: letter)
        {
            return .inactive(status)
        }
        throw reply.malformed("word")
    }
}
