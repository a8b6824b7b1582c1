// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// A row of a tenant's reservation directory: what lists filter and sort by (docs/keyspace.md, "Directory rows").
package struct DirectoryRow: Hashable, Sendable {
    /// Bytes of a stored row.
    package static let size = 64

    /// Its place in the order of creation.
    package let number: Int64
    package let createdMs, expiresMs: Int64
    /// When it was committed or released; nil before, and for an expired one.
    package let finalizedMs: Int64?
    package let amount: Int64
    /// Names the record: 16 bytes.
    package let h: [UInt8]
    /// Stands for the scope path; 48 bits.
    package let pathNumber: Int64

    private let graceMs: Int64
    private let stored: BudgetRecord.State

    /// Reads 64 bytes; nil when they are no row.
    init?(number: Int64, _ bytes: ArraySlice<UInt8>) {
        let at = bytes.startIndex
        func integer(_ from: Int, _ count: Int) -> Int64 {
            bytes[(at + from)..<(at + from + count)].reduce(0) { $0 &<< 8 | Int64($1) }
        }
        guard bytes.count == Self.size, let state = BudgetRecord.State(rawValue: bytes[at]) else { return nil }
        self.number = number
        stored = state
        let finalized = integer(1, 6)
        finalizedMs = finalized == 0 ? nil : finalized
        expiresMs = integer(7, 6)
        graceMs = integer(13, 2)
        createdMs = integer(23, 6)
        amount = integer(29, 8)
        h = Array(bytes[(at + 37)..<(at + 53)])
        pathNumber = integer(58, 2) &<< 32 | integer(53, 4)
        guard amount >= 0 else { return nil }
    }

    /// The state as of `now`: an unswept reservation past its grace is expired already (decision A16).
    package func state(at nowMs: Int64) -> BudgetRecord.State {
        stored == .active && nowMs > expiresMs + graceMs ? .expired : stored
    }

    /// Whether its record has ended with the retention of finished reservations.
    package func isForgotten(at nowMs: Int64, keepMs: Int64) -> Bool {
        switch stored {
        case .active: false
        case .expired: nowMs > expiresMs + graceMs + keepMs
        default: finalizedMs.map { nowMs > $0 + keepMs } ?? false
        }
    }

    /// 22 characters that name the record.
    package var hash: [UInt8] { Base64URL.text(h) }
}
