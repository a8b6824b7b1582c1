// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import RedisClient
internal import SharedKernel
internal import StrictJSON

/// Judges one ledger from what was read of it; pure.
struct LedgerCheck {
    /// The fields of a ledger, in the order in which they are read.
    static let fields = ["a", "r", "s", "d", "o", "f"]

    let place: TenantPlace
    let entry: LedgerEntry
    /// Whether the directory lists it.
    let isListed: Bool
    /// The reply of HMGET for the fields.
    let reply: RedisReply
    /// The amounts of the live reservations that name it.
    let reserved: Int128
    /// How many those are.
    let reservations: Int

    /// What is wrong with it.
    func findings() -> [Finding] {
        guard let values = reply.array, values.count == Self.fields.count else {
            return [finding(.soundRecords, expected: "a ledger", actual: "a key of another type")]
        }
        if values.allSatisfy(\.isNull) { return missing() }
        var findings: [Finding] = []
        if !isListed {
            findings.append(finding(.indexed, expected: "an entry in the directory", actual: "none"))
        }
        var numbers: [Int64] = []
        for (name, value) in zip(Self.fields.dropLast(), values) {
            if let number = value.bytes.flatMap({ parseDecimalInt64($0) }), number >= 0 {
                numbers.append(number)
            } else {
                let actual = value.bytes.map { "\(name) = \(printable($0))" } ?? "no field \(name)"
                findings.append(finding(.soundRecords, expected: "\(name) within 0 and 2^63-1", actual: actual))
            }
        }
        let flags = values.last?.bytes
        if !(flags.map(Self.isLegal) ?? false) {
            let actual = flags.map { "f = \(printable($0))" } ?? "no field f"
            findings.append(finding(.soundRecords, expected: "f as 0, or letters of C F O and one of r i o", actual: actual))
        }
        if let value = values[1].bytes, let stored = parseDecimalInt64(value), Int128(stored) != reserved {
            findings.append(wrongSum(stored))
        }
        guard numbers.count == 5 else { return findings }
        let remaining = Int128(numbers[0]) - Int128(numbers[1]) - Int128(numbers[2]) - Int128(numbers[3])
        if Int64(exactly: remaining) == nil {
            findings.append(finding(.ledgerIdentity, expected: "a 64-bit number", actual: "remaining = \(remaining)"))
        }
        return findings
    }

    private func missing() -> [Finding] {
        if isListed { return [finding(.indexed, expected: "the ledger that the directory lists", actual: "none")] }
        if reservations == 0 { return [] }
        return [finding(.allLedgers, expected: "the ledger that \(reservations) live reservations name", actual: "none")]
    }

    private func wrongSum(_ stored: Int64) -> Finding {
        finding(
            .reservedSum, expected: "r = \(reserved)", actual: "r = \(stored)",
            constant: String(Int128(stored) - reserved),
            detail: "difference \(Int128(stored) - reserved) over \(reservations) live reservations; ")
    }

    private func finding(
        _ invariant: Invariant, expected: String, actual: String, constant: String? = nil, detail: String = ""
    ) -> Finding {
        Finding(
            invariant, place.tenant.bytes, entry.subject, expected: expected, actual: actual,
            detail: detail + "key \(printable(place.ledger(entry)))", constant: constant)
    }

    /// `0`, or C, F and O each at most once and in any order, then at most one of r, i and o.
    static func isLegal(_ flags: [UInt8]) -> Bool {
        if flags == [UInt8(ascii: "0")] { return true }
        var seen: Set<UInt8> = []
        for (index, letter) in flags.enumerated() {
            switch letter {
            case UInt8(ascii: "C"), UInt8(ascii: "F"), UInt8(ascii: "O"):
                guard seen.insert(letter).inserted else { return false }
            case UInt8(ascii: "r"), UInt8(ascii: "i"), UInt8(ascii: "o"):
                guard index == flags.count - 1 else { return false }
            default: return false
            }
        }
        return !flags.isEmpty
    }
}
