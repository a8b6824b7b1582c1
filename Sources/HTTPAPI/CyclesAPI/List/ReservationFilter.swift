// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// What of a reservation a list may ask about before its record is read.
struct ReservationFacts {
    let state: BudgetRecord.State
    let createdMs, expiresMs: Int64
    /// Of a committed or released one.
    let finalizedMs: Int64?

    init(_ row: DirectoryRow, atMs now: Int64) {
        state = row.state(at: now)
        (createdMs, expiresMs, finalizedMs) = (row.createdMs, row.expiresMs, row.finalizedMs)
    }

    init(_ record: BudgetRecord, atMs now: Int64) {
        state = record.state(at: now)
        (createdMs, expiresMs) = (record.createdMs, record.expiresMs)
        finalizedMs = state == .expired ? nil : record.finalizedMs
    }
}

/// Which reservations a list has (runtime digest 7.1).
struct ReservationFilter: Sendable {
    private enum Status: String, CaseIterable {
        case active = "ACTIVE"
        case committed = "COMMITTED"
        case released = "RELEASED"
        case expired = "EXPIRED"
    }

    private let status: BudgetRecord.State?
    /// `level:value`, each a whole segment of the path.
    private let segments: [[UInt8]]
    private let created, expires, finalized: Window
    /// Whose scope filter counts; nil for the operator.
    private let principal: Principal?
    /// The creation key of the one that is wanted.
    let idempotencyKey: [UInt8]?

    /// Reads the filters of a query; `tenant` is for the caller to judge.
    init(_ request: APIRequest, _ principal: Principal?) throws {
        let status = try request.queryChoice("status", Status.self)
        self.status =
            switch status {
            case .active: .active
            case .committed: .committed
            case .released: .released
            case .expired: .expired
            case nil: nil
            }
        var segments: [[UInt8]] = []
        for level in ScopeLevel.allCases where level != .tenant {
            let name = level.word.description
            guard let value = try request.queryValue(name) else { continue }
            segments.append([UInt8](name.utf8) + [58] + value)
        }
        self.segments = segments
        created = try Window(request, "from", "to")
        expires = try Window(request, "expires_from", "expires_to")
        finalized = try Window(request, "finalized_from", "finalized_to")
        idempotencyKey = try Self.idempotencyKey(request)
        self.principal = principal
    }

    /// Any key that a create takes; unlike a bound of a window, an empty one is not an absent one.
    private static func idempotencyKey(_ request: APIRequest) throws -> [UInt8]? {
        let name = "idempotency_key"
        guard let key = try request.queryValue(name) ?? (request.hasQuery(name) ? [] : nil) else { return nil }
        let range = Limits.idempotencyKeyCharacters
        guard range.contains(String(decoding: key, as: UTF8.self).unicodeScalars.count) else {
            throw APIError.invalid("\(name): must be \(range.lowerBound) to \(range.upperBound) characters")
        }
        return key
    }

    /// Whether this much speaks for a reservation.
    func accepts(_ facts: ReservationFacts) -> Bool {
        if let status, facts.state != status { return false }
        guard created.has(facts.createdMs), expires.has(facts.expiresMs) else { return false }
        // Whoever asks for a time of the end asks for those that have one.
        return finalized.isOpen || facts.finalizedMs.map(finalized.has) ?? false
    }

    /// Whether nothing can be said without the path.
    var needsPath: Bool { !segments.isEmpty || principal?.scopeFilter.isEmpty == false }

    /// Whether the path speaks for it.
    func accepts(path: [UInt8]) -> Bool {
        let own = path.split(separator: 47)
        for segment in segments where !own.contains(where: { $0.elementsEqual(segment) }) { return false }
        return principal?.mayTouch(path) ?? true
    }

    /// Whether, in the order of creation, no row from `createdMs` on can be wanted any more.
    func isPast(_ createdMs: Int64, isDescending: Bool) -> Bool {
        isDescending ? createdMs < created.from - Self.clockSlackMs : createdMs > created.to &+ Self.clockSlackMs
    }

    /// How far rows may stand out of the order of their times, because Redis' clock was set back, ms.
    private static let clockSlackMs: Int64 = 86_400_000

    /// What a cursor is bound to: everything that decides which rows there are.
    var binding: [UInt8] {
        let words = [status?.word ?? "", created.text, expires.text, finalized.text].joined(separator: " ")
        return [UInt8](words.utf8) + [0] + segments.joined(separator: [0]) + [0, 0] + (idempotencyKey ?? [])
    }
}

/// Times from and to, ms since 1970, both inclusive; open where nothing was asked for.
private struct Window: Sendable {
    private static let all: ClosedRange<Int64> = -1_000_000_000_000_000...1_000_000_000_000_000

    let from, to: Int64
    let isOpen: Bool

    init(_ request: APIRequest, _ first: String, _ last: String) throws {
        let from = try Self.instant(request, first)
        let to = try Self.instant(request, last)
        if let from, let to, from > to { throw APIError.invalid("\(first): is after \(last)") }
        self.from = from ?? Self.all.lowerBound
        self.to = to ?? Self.all.upperBound
        isOpen = from == nil && to == nil
    }

    private static func instant(_ request: APIRequest, _ name: String) throws -> Int64? {
        guard let text = try request.queryValue(name) else { return nil }
        guard text.count <= Limits.dateTimeBytesMax, let ms = DateTime.milliseconds(text[...]) else {
            throw APIError.invalid("\(name): must be an RFC 3339 date-time such as 2026-01-31T08:05:00Z")
        }
        return ms
    }

    func has(_ ms: Int64) -> Bool { from <= ms && ms <= to }

    var text: String { isOpen ? "" : "\(from)...\(to)" }
}
