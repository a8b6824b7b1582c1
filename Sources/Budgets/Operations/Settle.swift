// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A request about one existing budget reservation: which one, under which key.
package struct SettleTarget: Sendable {
    /// The reservation.
    package var id: BudgetReservationID
    /// From tenant, concrete path and idempotency key (decision A9).
    package var key: Identity
    /// Of the canonical request.
    package var fingerprint: Identity

    /// A target of these parts.
    package init(id: BudgetReservationID, key: Identity, fingerprint: Identity) {
        self.id = id
        self.key = key
        self.fingerprint = fingerprint
    }

    fileprivate func call(_ script: LuaScript, for access: TenantAccess) -> ScriptCall {
        var call = ScriptCall(script, keys: access.keys)
        call.append(access.tag)
        call.append(id.hash)
        call.append(id.createdDigits)
        call.append(key.text)
        call.append(fingerprint.text)
        return call
    }
}

/// Why nothing was done to a reservation; common to commit, release and extend.
package enum SettleRefusal: Sendable {
    case mismatch, notFound, foreign, outOfScope, tenantClosed, finalized, expired

    init?(_ reply: ScriptReply) {
        if reply.isWord("MISMATCH") {
            self = .mismatch
        } else if reply.isWord("NOT_FOUND") {
            self = .notFound
        } else if reply.isWord("FOREIGN") {
            self = .foreign
        } else if reply.isWord("OUT_OF_SCOPE") {
            self = .outOfScope
        } else if reply.isWord("CLOSED") {
            self = .tenantClosed
        } else if reply.isWord("FINALIZED") {
            self = .finalized
        } else if reply.isWord("EXPIRED") {
            self = .expired
        } else {
            return nil
        }
    }
}

/// Books the actual amount of a reservation and ends it.
package struct Commit: Sendable {
    package var target: SettleTarget
    package var actual: Int64
    package var unit: BudgetUnit
    /// JSON as sent; empty when absent.
    package var metadata: ArraySlice<UInt8>
    /// Policies that may limit commits, the first to count first; none when no policy does.
    package var policies: [Policy] = []
    /// Thresholds and context of the events that may come of it (lua/budget/include/tell.lua).
    package var telling: [UInt8] = []

    /// A commit of these parts.
    package init(target: SettleTarget, actual: Int64, unit: BudgetUnit, metadata: ArraySlice<UInt8>) {
        self.target = target
        self.actual = actual
        self.unit = unit
        self.metadata = metadata
    }

    /// What may come of it.
    package enum Outcome: Sendable {
        case committed(BudgetRecord, isReplay: Bool)
        case refused(SettleRefusal)
        /// The reservation counts in this unit.
        case unitMismatch(BudgetUnit)
        case denied(Denial, scope: [UInt8])
        /// No more commits until `resetMs`.
        case limited(resetMs: Int64, nowMs: Int64)
    }

    /// The time of the sweep, then a line for each policy.
    private func paced(_ sweptMs: Int64) -> [UInt8] {
        var out = [UInt8](String(sweptMs).utf8)
        for policy in policies {
            out.append(10)
            out.append(contentsOf: policy.pattern.text)
            out.append(contentsOf: [UInt8](" \(policy.commitsPerMinute ?? 0) ".utf8))
            out.append(contentsOf: policy.id)
        }
        return out
    }

    /// One round trip; the record is kept for `keepMs` from then on. `sweptMs` is the time of a sweep that a BEHIND
    /// reply led to, 0 before there was one.
    package func call(for access: TenantAccess, keepMs: Int64, sweptMs: Int64 = 0) -> ScriptCall {
        var call = target.call(.budgetCommit, for: access)
        call.append(decimal: actual)
        if policies.isEmpty { call.append(decimal: sweptMs) } else { call.append(paced(sweptMs)) }
        call.append([unit.letter])
        call.append(decimal: keepMs)
        call.append(metadata)
        call.append(telling)
        for entry in access.scopeFilter { call.append(entry) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("COMMITTED") || reply.isWord("REPLAYED") {
            return .committed(try BudgetRecord(try reply.bytes(0), from: reply), isReplay: reply.isWord("REPLAYED"))
        }
        if let refusal = SettleRefusal(reply) { return .refused(refusal) }
        if reply.isWord("LIMITED") { return .limited(resetMs: try reply.int(0), nowMs: try reply.int(1)) }
        if reply.isWord("UNIT") {
            guard let letter = try reply.bytes(0).first, let unit = BudgetUnit(letter: letter) else {
                throw reply.malformed("unit")
            }
            return .unitMismatch(unit)
        }
        if reply.isWord("DENIED") {
            guard let denial = Denial(word: try reply.bytes(0)) else { throw reply.malformed("reason") }
            return .denied(denial, scope: try reply.bytes(1))
        }
        throw reply.malformed("word")
    }
}

/// Gives a reservation's amount back and ends it.
package struct Release: Sendable {
    package var target: SettleTarget
    /// JSON string as sent; empty when absent.
    package var reason: ArraySlice<UInt8>
    /// JSON of the audit entry that the release leaves; empty for a tenant's own.
    package var auditEntry: [UInt8]
    /// Thresholds and context of the events that may come of it (lua/budget/include/tell.lua).
    package var telling: [UInt8] = []

    /// A release of these parts.
    package init(target: SettleTarget, reason: ArraySlice<UInt8>, auditEntry: [UInt8] = []) {
        self.target = target
        self.reason = reason
        self.auditEntry = auditEntry
    }

    /// What may come of it.
    package enum Outcome: Sendable {
        case released(BudgetRecord, isReplay: Bool)
        case refused(SettleRefusal)
    }

    /// One round trip; the record is kept for `keepMs` from then on.
    package func call(for access: TenantAccess, keepMs: Int64) -> ScriptCall {
        var call = target.call(.budgetRelease, for: access)
        call.append(decimal: keepMs)
        call.append(reason)
        call.append(auditEntry)
        call.append(telling)
        for entry in access.scopeFilter { call.append(entry) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("RELEASED") || reply.isWord("REPLAYED") {
            return .released(try BudgetRecord(try reply.bytes(0), from: reply), isReplay: reply.isWord("REPLAYED"))
        }
        if let refusal = SettleRefusal(reply) { return .refused(refusal) }
        throw reply.malformed("word")
    }
}

/// Moves a reservation's expiry later.
package struct Extend: Sendable {
    package var target: SettleTarget
    /// 1 to 86400000 ms, from the present expiry on.
    package var extendByMs: Int64

    /// An extension of these parts.
    package init(target: SettleTarget, extendByMs: Int64) {
        self.target = target
        self.extendByMs = extendByMs
    }

    /// What may come of it.
    package enum Outcome: Sendable {
        /// The expiry granted to this key, and what is left of it, both ms.
        case extended(expiresMs: Int64, remainingMs: Int64, isReplay: Bool)
        case refused(SettleRefusal)
        /// No extensions left.
        case exhausted
    }

    /// One round trip.
    package func call(for access: TenantAccess) -> ScriptCall {
        var call = target.call(.budgetExtend, for: access)
        call.append(decimal: extendByMs)
        for entry in access.scopeFilter { call.append(entry) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        let isReplay = reply.isWord("REPLAYED")
        if isReplay || reply.isWord("EXTENDED") {
            let expires = try reply.int(0)
            let (rest, overflow) = expires.subtractingReportingOverflow(try reply.int(1))
            let isLive = isReplay ? try reply.int(2) == 1 : true
            return .extended(
                expiresMs: expires, remainingMs: isLive && !overflow ? max(0, rest) : 0, isReplay: isReplay)
        }
        if let refusal = SettleRefusal(reply) { return .refused(refusal) }
        if reply.isWord("EXHAUSTED") { return .exhausted }
        throw reply.malformed("word")
    }
}
