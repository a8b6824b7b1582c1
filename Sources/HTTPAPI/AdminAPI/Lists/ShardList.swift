// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
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
/// In that order the shards are read side by side, each no further than the page needs, and the server merges them; a
/// page that has looked at too many rows ends early, with a cursor that goes on from there. In any other order every
/// row is looked at, a bounded number in one call, and the page's rows are kept; when there are too many, the query is
/// refused.
protocol ShardList: Sendable {
    associatedtype Row: ListedRow
    associatedtype Sort: ListSort

    /// Fields of a row in the script's reply. The first is its place in the order of creation.
    static var fieldsPerRow: Int { get }

    var query: ListQuery<Sort> { get }
    /// Those that may have rows.
    var shards: [Shard] { get }
    /// Whether `counts` may say no.
    var isFiltered: Bool { get }

    /// The call for the next rows of a shard. Replies ROWS, 1 when there may be more, the time in ms, then rows.
    func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall
    /// The row whose fields begin at `index`; nil when it cannot be read. The list goes on without it.
    func row(_ reply: ScriptReply, at index: Int, in shard: Shard, nowMs: Int64) throws(ScriptFault) -> Row?
    /// What cannot be read of the fields that begin at `index`, for the log; nil when all can.
    func unreadable(
        _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: Row?
    ) throws(ScriptFault) -> UnreadableRow?
    /// The row's sort key; for the order of creation it is `ListPosition.key` of the time.
    func key(of row: Row) -> [UInt8]
    /// Whether the filters let a row through.
    func counts(_ row: Row) -> Bool
    /// Writes the rows as a member of the answer.
    func write(_ rows: [Row], to writer: inout JSONWriter)
    /// The tenant in whose place the operator reads, for the audit log.
    var readOnBehalfOf: TenantID? { get }
}

extension ShardList {
    var readOnBehalfOf: TenantID? { nil }
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
    /// How far a shard is.
    private struct Lane: Sendable {
        let shard: Shard
        var place: ShardPlace
        /// Where the last row stands that was read; nil before the first call.
        var last: ListPosition?
        var isDone = false
    }

    let list: List
    private var lanes: [Lane]
    /// The best rows found so far, in order; one more than the page has, so that `has_more` is exact.
    private var found: [(position: ListPosition, row: List.Row)] = []
    /// Rows looked at.
    private var read = 0
    /// What the log is told.
    private var notices: [LogNotice] = []

    init(_ list: List) {
        self.list = list
        var start = ShardPlace()
        if list.isStoredOrder, let after = list.query.after {
            start.fromMs = Int64(String(decoding: after.key, as: UTF8.self))
        }
        lanes = list.shards.map { Lane(shard: $0, place: start) }
    }

    private var capacity: Int { list.query.limit + 1 }

    /// The shard to go on with: one that was not asked yet, else the one that is furthest behind. In the stored order
    /// all shards therefore are about as far whenever the page ends.
    private var next: Int? {
        var best: (lane: Int, last: ListPosition)?
        for (index, lane) in lanes.enumerated() where !lane.isDone {
            guard let last = lane.last else { return index }
            if let best, !list.query.isInOrder(last, best.last) { continue }
            best = (index, last)
        }
        return best?.lane
    }

    var step: Step {
        guard let index = next else { return respond(endedAt: nil) }
        let lane = lanes[index]
        // To begin with as many as the page has: without filters no more are needed.
        let needsFew = list.isStoredOrder && (lane.last == nil || !list.isFiltered)
        let limit = needsFew ? Int64(capacity) : Limits.listedRowsPerCall
        return .call(list.call(lane.shard, from: lane.place, limit: limit)) { reply throws(ScriptFault) in
            guard reply.isWord("ROWS") else { throw reply.malformed("word") }
            var scan = self
            try scan.take(reply, from: index)
            return scan.stepWithinBounds
        }
    }

    /// The next step, unless too much was read already.
    private var stepWithinBounds: Step {
        guard list.isStoredOrder else {
            return read > Limits.sortedRowsMax && next != nil ? .refuse(Self.tooMany) : step
        }
        guard read >= Limits.listedRowsPerPage, let index = next, let last = lanes[index].last,
            list.query.after.map({ list.query.isInOrder($0, last) }) ?? true
        else { return step }
        // Nearly nothing matches: the page ends early. Every shard was read as far as this one, so its place is where
        // the next page begins, and what was found beyond it is found again.
        return respond(endedAt: last)
    }

    /// Takes a call's rows in.
    private mutating func take(_ reply: ScriptReply, from index: Int) throws(ScriptFault) {
        let now = try reply.int(1)
        for field in stride(from: 2, to: reply.count, by: List.fieldsPerRow) {
            let (at, place) = (try reply.int(field), lanes[index].place)
            lanes[index].place.offset = at == place.fromMs ? place.offset + 1 : 1
            lanes[index].place.fromMs = at
            read += 1
            let row = try list.row(reply, at: field, in: lanes[index].shard, nowMs: now)
            if let unreadable = try list.unreadable(reply, at: field, in: lanes[index].shard, row) {
                notices.append(.unreadable(unreadable))
            }
            guard let row else {
                // As if it were the first of its time: nothing is past it that could be in the page.
                let id: [UInt8] = list.query.isDescending ? [0xFF] : []
                lanes[index].last = ListPosition(key: ListPosition.key(at), id: id)
                continue
            }
            let position = ListPosition(key: list.key(of: row), id: row.id)
            lanes[index].last = position
            if list.counts(row) { keep(row, at: position) }
        }
        if try reply.int(0) == 0 || lanes[index].last == nil { lanes[index].isDone = true }
        for index in lanes.indices where lanes[index].last.map(isPastThePage) ?? false { lanes[index].isDone = true }
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

    /// The page; `end` is where it ended early.
    private func respond(endedAt end: ListPosition?) -> Step {
        let query = list.query
        let known = end.map { end in found.prefix { !query.isInOrder(end, $0.position) } } ?? found[...]
        let shown = known.prefix(query.limit)
        let next = known.count > shown.count ? shown.last?.position : end
        var writer = JSONWriter(capacity: 256 + 512 * shown.count)
        writer.beginObject()
        list.write(shown.map(\.row), to: &writer)
        writer.key("has_more")
        writer.bool(next != nil)
        if let next {
            writer.key("next_cursor")
            writer.string(query.cursor(after: next))
        }
        writer.endObject()
        var response = APIResponse.json(writer.finish())
        response.notices = notices
        response.readOnBehalfOf = list.readOnBehalfOf
        return .respond(response)
    }

    private static var tooMany: APIError {
        APIError(
            .badRequest, "LIMIT_EXCEEDED",
            "sort_by: there are more than \(Limits.sortedRowsMax) rows to sort: ask for less, or sort by "
                + List.Sort.creation.rawValue)
    }
}
