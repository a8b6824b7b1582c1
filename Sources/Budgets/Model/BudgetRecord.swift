// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel
internal import StrictJSON

/// A stored budget reservation, read from the bytes that scripts keep and answer (docs/keyspace.md, `r:<h>`). The same
/// bytes render the first answer, every replay and every later read.
package struct BudgetRecord: Sendable {
    /// Where a reservation is in its life.
    package enum State: UInt8, Sendable {
        case active = 65
        case committed = 67
        case released = 82
        case expired = 88
        case dryRun = 68
    }

    package let state: State
    package let createdMs: Int64
    /// Present expiry, extensions included.
    package let expiresMs: Int64
    package let graceMs: Int64
    package let extensionsUsed: Int64
    /// When it was committed, released or expired; nil while live.
    package let finalizedMs: Int64?
    package let amount: Int64
    package let unit: BudgetUnit
    package let policy: OveragePolicy
    /// Whether the answer was ALLOW_WITH_CAPS.
    package let hasCaps: Bool
    /// TTL granted at creation.
    package let ttlMs: Int64
    package let tenant: [UInt8]
    package let path: [UInt8]
    /// JSON texts as the client sent them; empty when absent.
    package let idempotencyKey, subject, action, metadata, caps: ArraySlice<UInt8>
    /// What a commit booked; 0 for a release.
    package let charged: Int64
    /// JSON of the commit metadata or release reason, or, for a dry run, the reason code; empty when absent.
    package let note: ArraySlice<UInt8>

    private let opening: ArraySlice<UInt8>
    private let closing: ArraySlice<UInt8>?

    /// Reads a record; a fault when it has another shape.
    package init(_ bytes: [UInt8], from reply: ScriptReply) throws(ScriptFault) {
        guard let record = BudgetRecord(bytes) else { throw reply.malformed("record") }
        self = record
    }

    /// Reads a record; nil when it has another shape.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count > 68, let state = State(rawValue: bytes[0]) else { return nil }
        let isLive = state == .active || state == .dryRun
        let begin = isLive ? 67 : 124
        guard bytes.count > begin, let created = fixedDigits(bytes[1..<14]), let expires = fixedDigits(bytes[14..<27]),
            let grace = fixedDigits(bytes[27..<32]), let used = fixedDigits(bytes[32..<35])
        else { return nil }
        let parts = bytes[begin...].split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count >= (isLive ? 10 : 12), let amount = parseDecimalInt64(parts[0]), amount >= 0 else {
            return nil
        }
        let terms = parts[1]
        let at = terms.startIndex
        guard terms.count >= 12, let unit = BudgetUnit(letter: terms[at]),
            let policy = OveragePolicy(letter: terms[at + 1]), let ttl = fixedDigits(terms[(at + 3)..<(at + 11)])
        else { return nil }
        self.state = state
        createdMs = created
        expiresMs = expires
        graceMs = grace
        extensionsUsed = used
        finalizedMs = isLive ? nil : fixedDigits(bytes[67..<80])
        self.amount = amount
        self.unit = unit
        self.policy = policy
        hasCaps = terms[at + 2] == 67
        ttlMs = ttl
        tenant = Array(parts[2])
        path = Array(parts[3])
        opening = parts[4]
        idempotencyKey = parts[5]
        subject = parts[6]
        action = parts[7]
        metadata = parts[8]
        caps = parts[9]
        charged = parts.count > 10 && !isLive ? parseDecimalInt64(parts[10]) ?? 0 : 0
        closing = parts.count > 11 ? parts[11] : nil
        note = isLive ? (parts.count > 10 ? parts[10] : []) : (parts.count > 12 ? parts[12] : [])
    }

    /// The expiry that was answered at creation.
    package var originalExpiresMs: Int64 { createdMs + ttlMs }

    /// The last moment at which a commit or release is accepted.
    package var deadlineMs: Int64 { expiresMs + graceMs }

    /// The state as of `now`: an unswept reservation past its grace is expired already (decision A16).
    package func state(at nowMs: Int64) -> State { state == .active && nowMs > deadlineMs ? .expired : state }

    /// The id, from the shard it was found in and its hash.
    package func id(shard: Shard, hash: [UInt8]) -> BudgetReservationID {
        BudgetReservationID(shard: shard, createdMs: createdMs, hash: hash)
    }

    /// Every derived scope, root first.
    package var affectedScopes: [ArraySlice<UInt8>] {
        var out: [ArraySlice<UInt8>] = []
        for index in path.indices where path[index] == 47 { out.append(path[..<index]) }
        out.append(path[...])
        return out
    }

    /// The ledgers as the creation left them; for a dry run, as they were.
    package var openingBalances: [LedgerRow]? {
        LedgerSnapshot(text: opening, path: path, unit: unit).rows { state, _ in
            if self.state != .dryRun { state.reserved = saturatingSum(state.reserved, amount) }
        }
    }

    /// The ledgers as the commit or release left them; nil while live or when the record is not in order.
    package var closingBalances: [LedgerRow]? {
        guard let closing else { return nil }
        return LedgerSnapshot(text: closing, path: path, unit: unit).rows { state, effect in
            state.reserved = saturatingSum(state.reserved, -amount)
            guard self.state == .committed else { return }
            if effect == 111 {
                state.spent = saturatingSum(state.spent, amount)
                state.debt = saturatingSum(state.debt, charged - amount)
            } else {
                state.spent = saturatingSum(state.spent, charged)
            }
            if effect == 107 { state.isOverLimit = true }
        }
    }

    /// The ledgers a commit pushed over their limit by its capped charge.
    package var ledgersFlagged: [LedgerRow] {
        guard let closing, state == .committed else { return [] }
        return LedgerSnapshot(text: closing, path: path, unit: unit).flagged
    }
}
