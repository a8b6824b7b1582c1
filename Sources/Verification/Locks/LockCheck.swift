// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// The record of a held name.
struct HoldRecord {
    /// What stands for never.
    private static let never = [UInt8]("9999999999999".utf8)

    /// ms since the epoch; nil for never.
    let expiresMs: Int64?
    let fence: Int64
    let requester: [UInt8]

    /// Reads a record: expiry 13 digits, fencing token 16, release token 36, then requester, type and label divided by
    /// line feeds, and what a registered resource took along; nil when it has another shape.
    init?(_ bytes: [UInt8]) {
        guard bytes.count > 65, let expires = parseDigits(bytes[..<13]), let fence = parseDigits(bytes[13..<29]) else {
            return nil
        }
        let parts = bytes[65...].split(separator: 10, omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 7 else { return nil }
        expiresMs = bytes.prefix(13).elementsEqual(Self.never) ? nil : expires
        self.fence = fence
        requester = Array(parts[0])
    }
}

/// Judges one entry of a tenant's active holds, from what was read of it; pure.
struct LockCheck {
    /// What the entry of a held name begins with.
    static let kind = UInt8(ascii: "k")

    let place: TenantPlace
    /// The entry: kind letter and name.
    let entry: [UInt8]
    /// Its score in the list.
    let score: [UInt8]
    /// The reply of GET for its record.
    let record: RedisReply
    /// Its score in the list of the requester that the record names.
    let requesterScore: RedisReply
    /// The time of Redis, and how long after its deadline a lock may still be recorded.
    let nowMs: Int64
    let toleranceMs: Int64

    /// What is wrong with it.
    func findings() -> [Finding] {
        guard entry.first == Self.kind else {
            return [finding(.soundRecords, expected: "an entry of a known kind", actual: printable(entry))]
        }
        switch record {
        case .null: return [finding(.indexed, expected: "the record of a held name", actual: "none")]
        case .bulk(let bytes):
            guard let hold = HoldRecord(bytes) else {
                return [finding(.soundRecords, expected: "a hold record", actual: "\(bytes.count) unreadable bytes")]
            }
            return [expiryFinding(hold), requesterFinding(hold), deadlineFinding(hold)].compactMap { $0 }
        default: return [finding(.soundRecords, expected: "a hold record", actual: "a key of another type")]
        }
    }

    private func expiryFinding(_ hold: HoldRecord) -> Finding? {
        if let listed = parseScore(score), listed == hold.expiresMs { return nil }
        return finding(
            .indexed, expected: "listed with expiry \(hold.expiresMs.map { "\($0)" } ?? "inf")",
            actual: "listed with \(printable(score))")
    }

    private func requesterFinding(_ hold: HoldRecord) -> Finding? {
        let key = "index \(printable(place.requester(hold.requester))), "
        switch requesterScore {
        case .null:
            return finding(.indexed, expected: "an entry among its requester's holds", actual: "none", detail: key)
        case .bulk(let score):
            if let listed = parseScore(score), listed == hold.fence { return nil }
            return finding(
                .indexed, expected: "its fencing token \(hold.fence) among its requester's holds",
                actual: printable(score), detail: key)
        default:
            return finding(.soundRecords, expected: "a list of holds", actual: "a key of another type", detail: key)
        }
    }

    private func deadlineFinding(_ hold: HoldRecord) -> Finding? {
        guard let expires = hold.expiresMs, nowMs - toleranceMs > expires else { return nil }
        return finding(.lockDeadline, expected: "gone by \(expires)", actual: "still recorded")
    }

    private func finding(
        _ invariant: Invariant, expected: String, actual: String, detail: String = ""
    ) -> Finding {
        Finding(
            invariant, place.tenant.bytes, .lock(entry), expected: expected, actual: actual,
            detail: detail + "key \(printable(place.hold(entry.dropFirst())))")
    }
}
