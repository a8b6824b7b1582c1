// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A request to lock an estimate in every budgeted scope of a subject, parsed and within bounds.
package struct Reserve: Sendable {
    /// Names the record: from tenant, endpoint and idempotency key.
    package var identity: Identity
    /// Of the canonical request.
    package var fingerprint: Identity
    package var amount: Int64
    package var unit: BudgetUnit
    package var path: ScopePath
    /// TTL granted, ms: asked for or default, cut at the tenant's maximum.
    package var ttlMs: Int64
    package var graceMs: Int64
    /// As asked for; nil leaves it to the deepest budgeted ledger, then to `fallbackPolicy`.
    package var policy: OveragePolicy?
    package var fallbackPolicy: OveragePolicy
    package var maxExtensions: Int64
    /// JSON of the caps that the answer carries; empty for none.
    package var caps: [UInt8] = []
    /// The policy that limits reservations, and how many it allows a minute.
    package var rateLimit: (policy: [UInt8], perMinute: Int64)?
    /// Thresholds and context of the events that may come of it (lua/budget/include/tell.lua).
    package var telling: [UInt8] = []
    /// JSON texts as sent; empty when absent.
    package var idempotencyKey, subject, action, metadata: ArraySlice<UInt8>

    /// A request of these parts.
    package init(
        identity: Identity, fingerprint: Identity, amount: Int64, unit: BudgetUnit, path: ScopePath, ttlMs: Int64,
        graceMs: Int64, policy: OveragePolicy?, fallbackPolicy: OveragePolicy, maxExtensions: Int64,
        idempotencyKey: ArraySlice<UInt8>, subject: ArraySlice<UInt8>, action: ArraySlice<UInt8>,
        metadata: ArraySlice<UInt8>
    ) {
        self.identity = identity
        self.fingerprint = fingerprint
        self.amount = amount
        self.unit = unit
        self.path = path
        self.ttlMs = ttlMs
        self.graceMs = graceMs
        self.policy = policy
        self.fallbackPolicy = fallbackPolicy
        self.maxExtensions = maxExtensions
        self.idempotencyKey = idempotencyKey
        self.subject = subject
        self.action = action
        self.metadata = metadata
    }

    /// What may come of a reserve.
    package enum Outcome: Sendable {
        /// The reservation and Redis' time, ms; `isReplay` when this key had been answered before.
        case reserved(BudgetRecord, nowMs: Int64, isReplay: Bool)
        /// The key was used with another request.
        case mismatch
        case tenantClosed
        case tenantSuspended
        /// No more reservations until `resetMs`.
        case limited(resetMs: Int64, nowMs: Int64)
        /// No scope has a budget in any unit.
        case noBudget
        /// No scope has a budget in this unit; the deepest scope that has others, and those.
        case unitMismatch(scope: ArraySlice<UInt8>, expected: [BudgetUnit])
        case denied(Denial, scope: ArraySlice<UInt8>)
    }

    /// The live call: one round trip. `sweptMs` is the time of a sweep that a BEHIND reply led to, 0 before there was
    /// one.
    package func call(for principal: Principal, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.budgetReserve, keys: principal.keys, reservingBytes: 1024)
        call.append(principal.tag)
        call.append(identity.text)
        call.append(fingerprint.text)
        call.append(decimal: amount)
        call.append([unit.letter])
        call.append(policy.map { [$0.letter] } ?? [])
        call.append([fallbackPolicy.letter])
        call.append(terms)
        call.append(padded(graceMs, width: 5))
        call.append(bigEndian(amount) + identity.bytes)
        call.append(details)
        appendScopes(to: &call, sweptMs, pace)
        return call
    }

    /// The dry run: one round trip, moves nothing, keeps the answer for `keepMs`.
    package func evaluation(for principal: Principal, keepMs: Int64, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.budgetEvaluate, keys: principal.keys, reservingBytes: 1024)
        call.append(principal.tag)
        call.append(identity.text)
        call.append(fingerprint.text)
        call.append(decimal: amount)
        call.append([unit.letter])
        call.append(decimal: ttlMs)
        call.append(padded(graceMs, width: 5))
        call.append([(policy ?? fallbackPolicy).letter])
        call.append(terms)
        call.append(decimal: keepMs)
        call.append(details)
        appendScopes(to: &call, sweptMs, [])
        return call
    }

    /// Reads the reply of either call.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("RESERVED") || reply.isWord("REPLAYED") || reply.isWord("EVALUATED") {
            return .reserved(
                try BudgetRecord(try reply.bytes(0), from: reply), nowMs: try reply.int(1),
                isReplay: reply.isWord("REPLAYED"))
        }
        if let refusal = try Self.refusal(reply, path: path) { return refusal }
        throw reply.malformed("word")
    }

    /// The refusal that a reply is; nil when it is none.
    static func refusal(_ reply: ScriptReply, path: ScopePath) throws(ScriptFault) -> Outcome? {
        func scope(_ index: Int64) throws(ScriptFault) -> ArraySlice<UInt8> {
            let scopes = path.scopes
            guard index >= 0, index < scopes.count else { throw reply.malformed("scope index") }
            return scopes[Int(index)]
        }
        if reply.isWord("MISMATCH") { return .mismatch }
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        if reply.isWord("LIMITED") { return .limited(resetMs: try reply.int(0), nowMs: try reply.int(1)) }
        if reply.isWord("NOBUDGET") { return .noBudget }
        if reply.isWord("UNIT") {
            return .unitMismatch(
                scope: try scope(try reply.int(0)),
                expected: try reply.bytes(1).compactMap(BudgetUnit.init(letter:)))
        }
        if reply.isWord("DENIED") {
            guard let denial = Denial(word: try reply.bytes(0)) else { throw reply.malformed("reason") }
            return .denied(denial, scope: try scope(try reply.int(1)))
        }
        return nil
    }

    /// The rate limit as the script takes it; empty for none.
    private var pace: [UInt8] {
        guard let rateLimit else { return [] }
        return [32] + [UInt8](String(rateLimit.perMinute).utf8) + [32] + rateLimit.policy
    }

    /// The scopes' lengths, 3 digits each, the time of the sweep and the rate limit, then the scopes.
    private func appendScopes(to call: inout ScriptCall, _ sweptMs: Int64, _ pace: [UInt8]) {
        call.append(path.lengthDigits)
        if pace.isEmpty { call.append(decimal: sweptMs) } else { call.append([UInt8](String(sweptMs).utf8) + pace) }
        call.append(telling)
        for scope in path.scopes { call.append(scope) }
    }

    /// A for a plain answer, C for one with caps, then TTL and extensions.
    private var terms: [UInt8] { [caps.isEmpty ? 65 : 67] + padded(ttlMs, width: 8) + padded(maxExtensions, width: 3) }

    private var details: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(idempotencyKey.count + subject.count + action.count + metadata.count + 4)
        out.append(contentsOf: idempotencyKey)
        out.append(0)
        out.append(contentsOf: subject)
        out.append(0)
        out.append(contentsOf: action)
        out.append(0)
        out.append(contentsOf: metadata)
        out.append(0)
        out.append(contentsOf: caps)
        return out
    }
}

/// Why a budget says no (decision A24: looked for in this order, over all scopes each).
package enum Denial: String, Sendable {
    case closed = "CLOSED"
    case frozen = "FROZEN"
    case overLimit = "OVERLIMIT"
    case debt = "DEBT"
    case exceeded = "EXCEEDED"
    /// Only of a commit: the debt would pass the overdraft limit.
    case overdraft = "OVERDRAFT"

    /// The reason of a script's word.
    init?(word: [UInt8]) { self.init(rawValue: String(decoding: word, as: UTF8.self)) }
}

extension ScopePath {
    /// The lengths of its scopes, 3 digits each, as scripts take them.
    var lengthDigits: [UInt8] { prefixLengths.flatMap { padded(Int64($0), width: 3) } }
}

/// A number as decimal digits, filled with zeros on the left.
func padded(_ value: Int64, width: Int) -> [UInt8] {
    let digits = [UInt8](String(value).utf8)
    return [UInt8](repeating: 48, count: max(0, width - digits.count)) + digits
}

/// A number as eight big-endian bytes, as directory rows hold amounts.
func bigEndian(_ value: Int64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * Int64($0))) }
}
