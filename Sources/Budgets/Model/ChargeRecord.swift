// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel
internal import StrictJSON

/// A stored charge, read from the bytes that its script keeps and answers (docs/keyspace.md, `v:<h>`). First answer and
/// replay are rendered from the same bytes.
package struct ChargeRecord: Sendable {
    package let createdMs: Int64
    /// What was asked for, and what was booked: less only where a scope was short and the policy caps.
    package let actual, charged: Int64
    package let unit: BudgetUnit

    private let snapshot: LedgerSnapshot

    /// Reads a record; a fault when it has another shape.
    init(_ bytes: [UInt8], from reply: ScriptReply) throws(ScriptFault) {
        guard bytes.count > 35, let created = fixedDigits(bytes[..<13]) else { throw reply.malformed("charge") }
        let parts = bytes[35...].split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 6, let actual = parseDecimalInt64(parts[0]), let letter = parts[1].first,
            let unit = BudgetUnit(letter: letter), let charged = parseDecimalInt64(parts[4])
        else { throw reply.malformed("charge") }
        createdMs = created
        self.actual = actual
        self.charged = charged
        self.unit = unit
        snapshot = LedgerSnapshot(text: parts[5], path: Array(parts[3]), unit: unit)
    }

    /// The id, from the shard it was found in and its hash.
    package func id(shard: Shard, hash: [UInt8]) -> BudgetReservationID {
        BudgetReservationID(shard: shard, createdMs: createdMs, hash: hash)
    }

    /// The ledgers as the charge left them; nil when the record is not in order.
    package var balances: [LedgerRow]? {
        snapshot.rows { state, effect in
            if effect == 111 {
                state.debt = saturatingSum(state.debt, charged)
            } else {
                state.spent = saturatingSum(state.spent, charged)
            }
            if effect == 107 { state.isOverLimit = true }
        }
    }

    /// The ledgers it pushed over their limit by its capped amount.
    package var ledgersFlagged: [LedgerRow] { snapshot.flagged }
}
