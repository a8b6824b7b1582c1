// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON
internal import Synchronization

/// The body of a list of reservations as it grows.
struct ReservationPage: Sendable {
    private var writer = JSONWriter(capacity: 16_384)
    private let extras: ReservationExtras
    /// What could not be read and is left out, for the log.
    var notices: [LogNotice] = []

    init(extras: ReservationExtras) {
        self.extras = extras
        writer.beginObject()
        writer.key("reservations")
        writer.beginArray()
    }

    /// Whether it should end here, however few rows it has: clients may have stored a mebibyte with each.
    var isLarge: Bool { writer.count > Limits.pageBytes }

    /// Adds a row.
    mutating func add(_ record: BudgetRecord, id: BudgetReservationID, nowMs: Int64) {
        writer.reservation(record, id: id, state: record.state(at: nowMs), with: extras)
    }

    /// The answer; `owner` is set where the operator reads.
    func response(next cursor: [UInt8]?, readBy owner: TenantID?) -> APIResponse {
        var writer = writer
        writer.endArray()
        writer.key("has_more")
        writer.bool(cursor != nil)
        if let cursor {
            writer.key("next_cursor")
            writer.string(cursor)
        }
        writer.endObject()
        var response = APIResponse.json(writer.finish())
        response.readOnBehalfOf = owner
        response.notices = notices
        return response
    }
}

/// Scope paths by their numbers, as far as one list has met them.
final class PathTable: Sendable {
    private let paths = Mutex<[Int64: [UInt8]]>([:])
    private let roomMax: Int

    /// A table that keeps about so many.
    init(roomMax: Int = Limits.pathsKept) { self.roomMax = roomMax }

    /// The path of a number; empty when it has not been asked for.
    subscript(number: Int64) -> [UInt8] { paths.withLock { $0[number] ?? [] } }

    /// Which of these are not known yet, each once. Numbers of one time are met together, so it starts anew when it has
    /// become large: before it says what is missing, because all of these are needed now.
    func missing(_ numbers: [Int64]) -> [Int64] {
        paths.withLock { known in
            if known.count > roomMax { known.removeAll(keepingCapacity: true) }
            return Set(numbers).filter { known[$0] == nil }
        }
    }

    /// Adds what was read.
    func add(_ read: [Int64: [UInt8]]) { paths.withLock { $0.merge(read) { _, new in new } } }
}
