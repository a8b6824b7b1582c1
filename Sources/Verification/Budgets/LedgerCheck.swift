// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import RedisClient
internal import SharedKernel
internal import StrictJSON

/// Judges one ledger from what was read of it; pure.
struct LedgerCheck {
    /// The amounts of a ledger, in order: allocated, reserved, spent, debt, overdraft limit. Flags follow.
    private static let amounts = ["a", "r", "s", "d", "o"]

    let place: TenantPlace
    let entry: LedgerEntry
    /// Whether the directory lists it.
    let isListed: Bool
    /// The reply of GET for it.
    let reply: RedisReply
    /// The amounts of the live reservations that name it.
    let reserved: Int128
    /// How many those are.
    let reservations: Int

    /// What is wrong with it.
    func findings() -> [Finding] {
        guard !reply.isNull else { return missing() }
        var findings: [Finding] = []
        if !isListed {
            findings.append(finding(.indexed, expected: "an entry in the directory", actual: "none"))
        }
        guard let text = reply.bytes else {
            return findings + [finding(.soundRecords, expected: "a ledger", actual: "a key of another type")]
        }
        let parts = text.split(separator: 32, omittingEmptySubsequences: false)
        guard parts.count == Self.amounts.count + 1 else {
            return findings + [finding(.soundRecords, expected: "six texts", actual: printable(text))]
        }
        var numbers: [Int64] = []
        for (name, part) in zip(Self.amounts, parts) {
            if let number = parseDecimalInt64(part), number >= 0 {
                numbers.append(number)
            } else {
                let actual = "\(name) = \(printable(part))"
                findings.append(finding(.soundRecords, expected: "\(name) within 0 and 2^63-1", actual: actual))
            }
        }
        if !Self.isLegal(parts[5]) {
            let actual = "f = \(printable(parts[5]))"
            findings.append(finding(.soundRecords, expected: "f as letters of C F O, then 0 r i or o", actual: actual))
        }
        if let stored = parseDecimalInt64(parts[1]), Int128(stored) != reserved { findings.append(wrongSum(stored)) }
        guard numbers.count == Self.amounts.count else { return findings }
        let remaining = Int128(numbers[0]) - Int128(numbers[1]) - Int128(numbers[2]) - Int128(numbers[3])
        if Int64(exactly: remaining) == nil {
            findings.append(finding(.ledgerIdentity, expected: "a 64-bit number", actual: "remaining = \(remaining)"))
        }
        return findings
    }

    private func missing() -> [Finding] {
        if isListed { return [finding(.indexed, expected: "the ledger that the directory lists", actual: "none")] }
        if reservations == 0 { return [] }
        return [
            finding(.allLedgers, expected: "the ledger that \(reservations) live reservations name", actual: "none")
        ]
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

    /// C, F and O each at most once and in any order, then one of 0, r, i and o.
    static func isLegal(_ flags: some BidirectionalCollection<UInt8>) -> Bool {
        guard let policy = flags.last, "0rio".utf8.contains(policy) else { return false }
        var seen: Set<UInt8> = []
        return flags.dropLast().allSatisfy { "CFO".utf8.contains($0) && seen.insert($0).inserted }
    }
}
