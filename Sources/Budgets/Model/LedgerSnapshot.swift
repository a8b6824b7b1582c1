// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Ledgers as a record keeps them: as they were before the operation, in canonical order (docs/keyspace.md, "Ledgers").
struct LedgerSnapshot: Sendable {
    /// Entries `<path length> a r s d o f`, in a closing snapshot with an effect letter, each ended by `;`.
    let text: ArraySlice<UInt8>
    /// The deepest scope; all others are beginnings of it.
    let path: [UInt8]
    let unit: BudgetUnit

    /// The ledgers after `adjust`, which is given the effect letter or 0; nil when the snapshot is not in order.
    func rows(adjust: (inout LedgerState, UInt8) -> Void) -> [LedgerRow]? {
        var out: [LedgerRow] = []
        for entry in text.split(separator: 59) {
            guard let row = row(entry, adjust: adjust) else { return nil }
            out.append(row)
        }
        return out
    }

    /// The ledgers that were not over their limit and are now, because they could pay only a part.
    var flagged: [LedgerRow] {
        text.split(separator: 59).filter { $0.last == 107 }
            .compactMap { row($0, adjust: { _, _ in }) }.filter { !$0.state.isOverLimit }
    }

    private func row(_ entry: ArraySlice<UInt8>, adjust: (inout LedgerState, UInt8) -> Void) -> LedgerRow? {
        let fields = entry.split(separator: 32).map(Array.init)
        guard fields.count >= 7, let length = fixedDigits(fields[0][...]), length > 0, length <= path.count,
            var state = LedgerState(fields[1...6])
        else { return nil }
        adjust(&state, fields.count > 7 ? fields[7].first ?? 0 : 0)
        return LedgerRow(path: Array(path[..<Int(length)]), unit: unit, state: state)
    }
}

/// A number of at most 18 digits, zeros in front allowed; nil for anything else.
func fixedDigits(_ text: ArraySlice<UInt8>) -> Int64? {
    var value: Int64 = 0
    for byte in text {
        guard (48...57).contains(byte) else { return nil }
        value = value &* 10 &+ Int64(byte &- 48)
    }
    return text.count <= 18 ? value : nil
}

/// The sum, or the end of int64 it runs into: scripts have checked the bounds, so this never happens to sound data.
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
    let (value, overflow) = a.addingReportingOverflow(b)
    return overflow ? (b > 0 ? Int64.max : Int64.min) : value
}
