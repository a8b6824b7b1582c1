// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// The order of a list of reservations (runtime digest 7.1).
struct ReservationOrder: Sendable {
    enum Key: String, CaseIterable {
        case id = "reservation_id"
        case tenant
        case scopePath = "scope_path"
        case status, reserved
        case created = "created_at_ms"
        case expires = "expires_at_ms"
    }

    private enum Direction: String, CaseIterable { case asc, desc }

    let key: Key
    let isDescending: Bool

    init(_ request: APIRequest) throws(FieldError) {
        key = try request.queryChoice("sort_by") ?? .created
        isDescending = try request.queryChoice("sort_dir", Direction.self) != .asc
    }

    /// Whether the directory has the rows in this order: an id begins with the time of creation.
    var followsDirectory: Bool { key == .created || key == .id }

    /// Whether a row's place cannot be told without its path.
    var needsPath: Bool { key == .tenant || key == .scopePath }

    /// Where a row stands.
    func place(of row: DirectoryRow, path: [UInt8], nowMs: Int64) -> ReservationPlace {
        var place = ReservationPlace(createdMs: row.createdMs, hash: row.hash)
        switch key {
        case .id, .created: break
        case .reserved: place.number = row.amount
        case .expires: place.number = row.expiresMs
        case .status: place.word = [UInt8](row.state(at: nowMs).word.utf8)
        case .scopePath: place.word = path
        case .tenant:
            let root = [UInt8]("tenant:".utf8)
            if path.starts(with: root) { place.word = Array(path.dropFirst(root.count).prefix { $0 != 47 }) }
        }
        return place
    }

    /// Whether one place comes before another; rows that are alike are in the order of their ids.
    func comes(_ one: ReservationPlace, before other: ReservationPlace) -> Bool {
        if one.number != other.number { return (one.number < other.number) != isDescending }
        if one.word != other.word { return one.word.lexicographicallyPrecedes(other.word) != isDescending }
        if one.createdMs != other.createdMs { return (one.createdMs < other.createdMs) != isDescending }
        return one.hash != other.hash && one.hash.lexicographicallyPrecedes(other.hash) != isDescending
    }
}

/// What a row is sorted by, and its id without the shard.
struct ReservationPlace: Sendable {
    /// A number,
    var number: Int64 = 0
    /// or a word,
    var word: [UInt8] = []
    /// then the id.
    var createdMs: Int64
    var hash: [UInt8]

    init(createdMs: Int64, hash: [UInt8]) {
        self.createdMs = createdMs
        self.hash = hash
    }
}

/// Where a page ended.
enum ReservationCursor: Sendable {
    /// In the order of the directory: rows of one millisecond, a run, are sorted by id. Begin at the run's row `from`;
    /// of the rows between it and `until`, which the page has seen, only those after `hash` count.
    case run(from: Int64, until: Int64, hash: [UInt8])
    /// In any other order.
    case place(ReservationPlace)

    var text: [UInt8] {
        switch self {
        case .run(let from, let until, let hash): [UInt8]("r \(from) \(until) ".utf8) + hash
        case .place(let place):
            [UInt8]("p \(place.number) \(place.createdMs) ".utf8) + place.hash + [32] + place.word
        }
    }

    init?(text: [UInt8]) {
        let parts = text.split(separator: 32, maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count >= 4, let first = parseDecimalInt64(parts[1]), let second = parseDecimalInt64(parts[2])
        else { return nil }
        if parts[0].elementsEqual("r".utf8), parts.count == 4 {
            self = .run(from: first, until: second, hash: Array(parts[3]))
            return
        }
        guard parts[0].elementsEqual("p".utf8), parts.count == 5 else { return nil }
        var place = ReservationPlace(createdMs: second, hash: Array(parts[3]))
        place.number = first
        place.word = Array(parts[4])
        self = .place(place)
    }
}
