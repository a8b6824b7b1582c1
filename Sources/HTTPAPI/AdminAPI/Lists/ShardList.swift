// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// A row of a list over shards.
protocol ListedRow: Sendable {
    /// Unique in the list; has no NUL.
    var id: [UInt8] { get }
    var createdMs: Int64 { get }
}

/// A list whose rows are in one index per shard, in order of creation.
///
/// In that order each shard gives no more than the page needs, and the server merges them. In any other order every row
/// is looked at, a bounded number in one call, and the page's rows are kept; when too many match, the query is refused.
protocol ShardList: Sendable {
    associatedtype Row: ListedRow
    associatedtype Sort: ListSort

    /// Fields of a row in the script's reply.
    static var fieldsPerRow: Int { get }

    var query: ListQuery<Sort> { get }
    /// Those that may have rows.
    var shards: [Shard] { get }
    /// Whether `counts` may say no.
    var isFiltered: Bool { get }

    /// The call for the next rows of a shard. Replies ROWS, 1 when there may be more, the time in ms, then rows.
    func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall
    /// The row whose fields begin at `index`.
    func row(_ reply: ScriptReply, at index: Int, nowMs: Int64) throws(ScriptFault) -> Row
    /// The row's sort key; for the order of creation it is `ListPosition.key` of the time.
    func key(of row: Row) -> [UInt8]
    /// Whether the filters let a row through.
    func counts(_ row: Row) -> Bool
    /// Writes the rows as a member of the answer.
    func write(_ rows: [Row], to writer: inout JSONWriter)
}

/// Where a shard's rows go on.
struct ShardPlace: Sendable {
    /// Creation time of the first row, ms; nil for the very first.
    var fromMs: Int64?
    /// Rows of that time to leave out.
    var offset: Int64 = 0

    /// Appends order, time and offset.
    func append(to call: inout ScriptCall, isDescending: Bool) {
        call.append(isDescending ? "desc" : "asc")
        if let fromMs { call.append(decimal: fromMs) } else { call.append(isDescending ? "+inf" : "-inf") }
        call.append(decimal: offset)
    }
}

extension ShardList {
    /// The list's first step.
    var step: Step { ListScan(self).step }

    /// Whether the store goes in the order asked for.
    fileprivate var isStoredOrder: Bool { query.sort.rawValue == Sort.creation.rawValue }
}

/// A list on its way through its shards.
private struct ListScan<List: ShardList>: Sendable {
    let list: List
    private var rest: ArraySlice<Shard>
    private var place: ShardPlace
    /// The best rows found so far, in order; one more than the page has, so that `has_more` is exact.
    private var found: [(position: ListPosition, row: List.Row)] = []
    private var matches = 0

    init(_ list: List) {
        self.list = list
        rest = list.shards[...]
        place = Self.start(of: list)
    }

    /// Where every shard begins.
    private static func start(of list: List) -> ShardPlace {
        guard list.isStoredOrder, let after = list.query.after else { return ShardPlace() }
        return ShardPlace(fromMs: Int64(String(decoding: after.key, as: UTF8.self)))
    }

    private var capacity: Int { list.query.limit + 1 }

    private var rowsPerCall: Int64 {
        list.isStoredOrder && !list.isFiltered ? Int64(capacity) : Limits.listedRowsPerCall
    }

    var step: Step {
        guard let shard = rest.first else { return .respond(.json(body)) }
        return .call(list.call(shard, from: place, limit: rowsPerCall)) { reply throws(ScriptFault) in
            guard reply.isWord("ROWS") else { throw reply.malformed("word") }
            var next = self
            let last = try next.take(reply)
            if next.matches > Limits.sortedRowsMax, !list.isStoredOrder {
                return .invalid(
                    "sort_by: more than \(Limits.sortedRowsMax) rows match: narrow the filters or sort by created_at")
            }
            let isDone = try reply.int(0) == 0 || last.map(next.isPastThePage) ?? true
            if isDone {
                next.rest = next.rest.dropFirst()
                next.place = Self.start(of: list)
            }
            return next.step
        }
    }

    /// Takes a call's rows in; gives the place of the last one.
    private mutating func take(_ reply: ScriptReply) throws(ScriptFault) -> ListPosition? {
        var last: ListPosition?
        let now = try reply.int(1)
        for index in stride(from: 2, to: reply.count, by: List.fieldsPerRow) {
            let row = try list.row(reply, at: index, nowMs: now)
            place.offset = row.createdMs == place.fromMs ? place.offset + 1 : 1
            place.fromMs = row.createdMs
            let position = ListPosition(key: list.key(of: row), id: row.id)
            last = position
            guard list.counts(row) else { continue }
            matches += 1
            keep(row, at: position)
        }
        return last
    }

    /// Whether rows from here on cannot be in the page any more.
    private func isPastThePage(_ position: ListPosition) -> Bool {
        guard list.isStoredOrder, found.count == capacity, let worst = found.last?.position else { return false }
        return !list.query.isInOrder(position, worst)
    }

    private mutating func keep(_ row: List.Row, at position: ListPosition) {
        let query = list.query
        if let after = query.after, !query.isInOrder(after, position) { return }
        var (low, high) = (0, found.count)
        while low < high {
            let middle = (low + high) / 2
            if query.isInOrder(found[middle].position, position) { low = middle + 1 } else { high = middle }
        }
        // A row may come twice when another of the same time was made meanwhile.
        if low == capacity || (low < found.count && found[low].position == position) { return }
        found.insert((position, row), at: low)
        if found.count > capacity { found.removeLast() }
    }

    private var body: [UInt8] {
        let shown = found.prefix(list.query.limit)
        var writer = JSONWriter(capacity: 256 + 512 * shown.count)
        writer.beginObject()
        list.write(shown.map(\.row), to: &writer)
        writer.key("has_more")
        writer.bool(found.count > shown.count)
        if found.count > shown.count, let last = shown.last {
            writer.key("next_cursor")
            writer.string(list.query.cursor(after: last.position))
        }
        writer.endObject()
        return writer.finish()
    }
}
