// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import RedisClient
internal import SharedKernel

/// Judges one reservation that is listed as live, from what was read of it; pure.
struct ReservationCheck {
    /// The bytes of a row in the directory.
    private static let rowBytes: Int64 = 64

    let place: TenantPlace
    /// The entry in the list of live reservations.
    let hash: [UInt8]
    /// The reply of GET for its record.
    let reply: RedisReply
    /// The reply of ``row(_:of:)``.
    let row: RedisReply

    /// Reads the row that a record says is its own.
    static func row(_ place: TenantPlace, of record: RedisReply) -> RedisCommand {
        let number = rowNumber(record) ?? 0
        return Read.bytes(place.rows(of: number), from: number % Keyspace.rowsPerChunk * rowBytes, count: rowBytes)
    }

    private static func rowNumber(_ record: RedisReply) -> Int64? {
        guard let bytes = record.bytes, bytes.count > 45 else { return nil }
        return parseDigits(bytes[35..<45])
    }

    /// The record, if it can be read.
    var record: BudgetRecord? { reply.bytes.flatMap { BudgetRecord($0) } }

    /// What is wrong with it.
    func findings() -> [Finding] {
        switch reply {
        case .null: return [finding(.indexed, expected: "the record of a live reservation", actual: "none")]
        case .bulk(let bytes):
            guard let record = BudgetRecord(bytes), record.openingBalances != nil else {
                return [
                    finding(.soundRecords, expected: "a reservation record", actual: "\(bytes.count) unreadable bytes")
                ]
            }
            return findings(of: record)
        default: return [finding(.soundRecords, expected: "a reservation record", actual: "a key of another type")]
        }
    }

    private func findings(of record: BudgetRecord) -> [Finding] {
        let id = "id \(printable(record.id(shard: place.shard, hash: hash).text)), "
        guard record.state == .active else {
            return [finding(.liveOnce, expected: "a live reservation", actual: "\(record.state)", detail: id)]
        }
        guard record.tenant == place.tenant.bytes else {
            return [
                finding(
                    .indexed, expected: "a reservation of \(place.tenant)", actual: "of \(printable(record.tenant))",
                    detail: id)
            ]
        }
        guard Self.rowNumber(reply) != nil else {
            return [finding(.soundRecords, expected: "the number of its row", actual: "none", detail: id)]
        }
        guard let (expected, actual) = rowDifference(record) else { return [] }
        return [finding(.indexed, expected: "a row with \(expected)", actual: actual, detail: id)]
    }

    private func rowDifference(_ record: BudgetRecord) -> (expected: String, actual: String)? {
        guard let bytes = row.bytes, bytes.count == Int(Self.rowBytes) else { return ("64 bytes", "none") }
        let stored = (
            state: bytes[0], expires: Self.number(bytes[7..<13]), created: Self.number(bytes[23..<29]),
            amount: Self.number(bytes[29..<37]), name: Base64URL.text(bytes[37..<53]), unit: bytes[57]
        )
        if stored.name != hash { return ("its own identity", printable(stored.name)) }
        if stored.state != record.state.rawValue { return ("state A", "state \(printable([stored.state]))") }
        for (name, expected, actual) in [
            ("expiry", record.expiresMs, stored.expires), ("creation", record.createdMs, stored.created),
            ("amount", record.amount, stored.amount),
        ] where UInt64(bitPattern: expected) != actual {
            return ("\(name) \(expected)", "\(name) \(actual)")
        }
        if stored.unit != record.unit.letter {
            return ("unit \(printable([record.unit.letter]))", "unit \(printable([stored.unit]))")
        }
        return nil
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func finding(
        _ invariant: Invariant, expected: String, actual: String, detail: String = ""
    ) -> Finding {
        Finding(
            invariant, place.tenant.bytes, .reservation(hash), expected: expected, actual: actual,
            detail: detail + "key \(printable(place.record(hash)))")
    }
}
