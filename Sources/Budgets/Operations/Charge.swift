// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A request to book an amount in every budgeted scope of a subject, without a reservation before it.
package struct Charge: Sendable {
    /// Names the record: from tenant, endpoint and idempotency key.
    package var identity: Identity
    /// Of the canonical request.
    package var fingerprint: Identity
    package var actual: Int64
    package var unit: BudgetUnit
    package var path: ScopePath
    /// As asked for; nil leaves it to the deepest budgeted ledger, then to `fallbackPolicy`.
    package var policy: OveragePolicy?
    package var fallbackPolicy: OveragePolicy
    /// Thresholds and context of the events that may come of it (lua/budget/include/tell.lua).
    package var telling: [UInt8] = []

    /// A charge of these parts.
    package init(
        identity: Identity, fingerprint: Identity, actual: Int64, unit: BudgetUnit, path: ScopePath,
        policy: OveragePolicy?, fallbackPolicy: OveragePolicy
    ) {
        self.identity = identity
        self.fingerprint = fingerprint
        self.actual = actual
        self.unit = unit
        self.path = path
        self.policy = policy
        self.fallbackPolicy = fallbackPolicy
    }

    /// What may come of it.
    package enum Outcome: Sendable {
        case charged(ChargeRecord, isReplay: Bool)
        /// As of a reserve.
        case refused(Reserve.Outcome)
    }

    /// One round trip; the record is kept for `keepMs`. `sweptMs` is the time of a sweep that a BEHIND reply led to, 0
    /// before there was one.
    package func call(for principal: Principal, keepMs: Int64, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.budgetCharge, keys: principal.keys, reservingBytes: 768)
        call.append(principal.tag)
        call.append(identity.text)
        call.append(fingerprint.text)
        call.append(decimal: actual)
        call.append([unit.letter])
        call.append(policy.map { [$0.letter] } ?? [])
        call.append([fallbackPolicy.letter])
        call.append(decimal: keepMs)
        call.append(path.lengthDigits)
        call.append(decimal: sweptMs)
        call.append(telling)
        for scope in path.scopes { call.append(scope) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CHARGED") || reply.isWord("REPLAYED") {
            return .charged(try ChargeRecord(try reply.bytes(0), from: reply), isReplay: reply.isWord("REPLAYED"))
        }
        if let refusal = try Reserve.refusal(reply, path: path) { return .refused(refusal) }
        throw reply.malformed("word")
    }
}
