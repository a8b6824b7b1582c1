// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// A sort key of a list, by its word in `sort_by`.
protocol ListSort: RawRepresentable<String>, CaseIterable, Sendable {
    /// Order of creation: the one order that the store keeps.
    static var creation: Self { get }
    /// The order of a list that is asked for none: that of creation, unless the protocol says another.
    static var usual: Self { get }
}

extension ListSort {
    static var usual: Self { creation }
}

/// Which way a list goes, and from where (admin digest 0.5).
struct ListQuery<Sort: ListSort>: Sendable {
    let sort: Sort
    let isDescending: Bool
    /// Rows of the page.
    let limit: Int
    /// What a row's texts must contain, in lower case; nil for anything.
    let search: [UInt8]?
    /// The last row of the page before.
    let after: ListPosition?
    /// Everything a cursor is bound to: the query without limit and cursor.
    private let binding: [UInt8]
    private let salt: IdentitySalt

    /// The query of a request for the list `name`; `filters` are those beside `search`, as sent. A list that cannot be
    /// searched, and goes from new to old, is plain.
    init(_ input: Endpoint.Input, _ name: StaticString, filters: [[UInt8]?], isPlain: Bool = false) throws {
        let request = input.request
        sort = isPlain ? .creation : try request.queryChoice("sort_by", Sort.self) ?? .usual
        isDescending = try isPlain || request.queryChoice("sort_dir", ListDirection.self) != .ascending
        limit = try request.queryPageRows()
        let search =
            isPlain ? nil : try request.queryText("search", charactersMax: Limits.searchCharactersMax).map(lowercased)
        self.search = search
        salt = input.installation.salt
        var writer = JSONWriter(capacity: 256)
        writer.beginArray()
        writer.string(name)
        writer.string(sort.rawValue)
        writer.bool(isDescending)
        for text in [search] + filters {
            if let text { writer.string(text) } else { writer.null() }
        }
        writer.endArray()
        binding = writer.finish()
        if let text = try request.queryValue("cursor") {
            guard let position = Cursor.open(text, boundTo: binding, salt).flatMap(ListPosition.init(bytes:)) else {
                throw APIError.invalid("cursor: is not one of this query's")
            }
            after = position
        } else {
            after = nil
        }
    }

    /// The cursor for the page after this row.
    func cursor(after position: ListPosition) -> [UInt8] { Cursor.seal(position.bytes, boundTo: binding, salt) }

    /// Whether a row at `a` is shown before one at `b`.
    func isInOrder(_ a: ListPosition, _ b: ListPosition) -> Bool {
        isDescending ? b.precedes(a) : a.precedes(b)
    }

    /// Whether one of these texts has what is searched for.
    func isFound(in texts: [[UInt8]]) -> Bool {
        guard let search else { return true }
        return texts.contains { lowercased($0).contains(search) }
    }
}

/// Where a row is in an order: its sort key, and its id for rows of the same key.
struct ListPosition: Equatable, Sendable {
    let key: [UInt8]
    /// Has no NUL.
    let id: [UInt8]

    /// The place of a row.
    init(key: [UInt8], id: [UInt8]) {
        self.key = key
        self.id = id
    }

    /// Reads what `bytes` gave.
    init?(bytes: [UInt8]) {
        guard let end = bytes.lastIndex(of: 0) else { return nil }
        key = Array(bytes[..<end])
        id = Array(bytes[(end + 1)...])
    }

    var bytes: [UInt8] { key + [0] + id }

    func precedes(_ other: ListPosition) -> Bool {
        if key == other.key { return id.lexicographicallyPrecedes(other.id) }
        return key.lexicographicallyPrecedes(other.key)
    }

    /// A sort key for a number that is not negative: as many digits as Int64 may have.
    static func key(_ number: Int64) -> [UInt8] {
        let digits = [UInt8](String(number).utf8)
        return [UInt8](repeating: 48, count: max(0, 19 - digits.count)) + digits
    }
}

/// `sort_dir`.
private enum ListDirection: String, CaseIterable {
    case ascending = "asc"
    case descending = "desc"
}

/// Text in lower case, letters beyond ASCII too.
private func lowercased(_ text: [UInt8]) -> [UInt8] {
    [UInt8](String(decoding: text, as: UTF8.self).lowercased().utf8)
}
