// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// A page of a tenant's reservations.
///
/// Two rounds. The first reads rows of the directory, 1,000 a call: in the order of creation until the page is full, in
/// any other order all of them, of which it keeps the best. The second reads the records of the page. Nothing outside
/// the tenant is touched, and no record that is not shown.
struct ReservationListing: Sendable {
    let tenant: TenantID
    let shard: Shard
    let access: TenantAccess
    let filter: ReservationFilter
    let order: ReservationOrder
    let limit: Int
    let extras: ReservationExtras
    let installation: Installation

    /// A row that is wanted, and the cursor that says it was the last.
    private struct Match: Sendable {
        let row: DirectoryRow
        let place: ReservationPlace
        var cursor: ReservationCursor
    }

    /// How far the first round is.
    private struct Progress: Sendable {
        var found: [Match] = []
        /// Where to read on; nil for the directory's beginning or end.
        var from: Int64?
        var read = 0
        var isFirst = true
        var notices: [LogNotice] = []
        /// Rows of the last millisecond read, in the order of the directory, of which more may follow.
        var run: Run?
    }

    private struct Run: Sendable {
        let createdMs: Int64
        let from: Int64
        var until: Int64
        var matches: [Match] = []
    }

    private var binding: [UInt8] {
        [UInt8]("reservations \(order.key.rawValue) \(order.isDescending) ".utf8) + tenant.bytes + [0]
            + filter.binding
    }

    /// Whose things the operator reads here; nil for a tenant's own key.
    private var owner: TenantID? { access.tag.isEmpty ? tenant : nil }

    /// A list of nothing.
    static let empty = APIResponse.json([UInt8](#"{"reservations":[],"has_more":false}"#.utf8))

    /// The first step; `cursor` is as sent.
    func begin(cursor text: [UInt8]?) throws(APIError) -> Step {
        var cursor: ReservationCursor?
        if let text {
            guard let place = Cursor.open(text, boundTo: binding, installation.salt),
                let known = ReservationCursor(text: place)
            else { throw .invalid("cursor: is not one of this query's") }
            cursor = known
        }
        if let key = filter.idempotencyKey { return theOne(key) }
        var progress = Progress()
        if case .run(let from, _, _) = cursor { progress.from = from }
        return scan(progress, past: cursor, PathTable())
    }

    /// A creation key names its record.
    private func theOne(_ key: [UInt8]) -> Step {
        let identity = installation.salt.identity(tenant: tenant, endpoint: "create".utf8, key: key)
        let read = ReadRecords(access: access, hashes: [identity.text])
        return .call(read.call) { reply throws(ScriptFault) in
            let (now, records) = try read.records(reply)
            var page = ReservationPage(extras: extras)
            switch records.first {
            case .record(let record)
            where filter.accepts(ReservationFacts(record, atMs: now)) && filter.accepts(path: record.path):
                page.add(record, id: record.id(shard: shard, hash: identity.text), nowMs: now)
            case .unreadable: page.notices.append(unreadable(record: identity.text))
            default: break
            }
            return .respond(page.response(next: nil, readBy: owner))
        }
    }

    // MARK: Rows

    private func scan(_ progress: Progress, past cursor: ReservationCursor?, _ paths: PathTable) -> Step {
        // Without filters a page needs few rows more than it shows.
        let isPlain = order.followsDirectory && !filter.needsPath
        let count = isPlain && progress.isFirst ? Int64(2 * limit + 16) : Limits.rowsPerCall
        let read = ReadRows(
            access: progress.isFirst ? access : .operator(keys: access.keys), isDescending: scansDown,
            from: progress.from, count: min(count, Limits.rowsPerCall))
        return .call(read.call) { reply throws(ScriptFault) in
            let piece = try read.piece(reply)
            let wanted = piece.rows.filter {
                !$0.isForgotten(at: piece.nowMs, keepMs: installation.keepMs)
                    && filter.accepts(ReservationFacts($0, atMs: piece.nowMs))
            }
            guard filter.needsPath || order.needsPath else {
                return take(piece, wanted, progress, past: cursor, paths)
            }
            let unknown = paths.missing(wanted.map(\.pathNumber))
            guard !unknown.isEmpty else { return take(piece, wanted, progress, past: cursor, paths) }
            let lookup = ReadPaths(access: access, numbers: unknown)
            return .call(lookup.call) { reply throws(ScriptFault) in
                paths.add(try lookup.paths(reply))
                return take(piece, wanted, progress, past: cursor, paths)
            }
        }
    }

    /// Other orders read newest first as well: what is asked for is mostly new.
    private var scansDown: Bool { !order.followsDirectory || order.isDescending }

    private func take(
        _ piece: ReadRows.Piece, _ wanted: [DirectoryRow], _ progress: Progress, past cursor: ReservationCursor?,
        _ paths: PathTable
    ) -> Step {
        var progress = progress
        progress.isFirst = false
        progress.read += piece.rows.count
        progress.notices += piece.unreadable.map(unreadable(row:))
        let matches = wanted.compactMap { row -> Match? in
            let path = paths[row.pathNumber]
            if filter.needsPath, !filter.accepts(path: path) { return nil }
            let place = order.place(of: row, path: path, nowMs: piece.nowMs)
            return Match(row: row, place: place, cursor: .place(place))
        }
        if order.followsDirectory {
            follow(piece, matches, &progress, past: cursor)
        } else {
            if case .place(let last) = cursor {
                progress.found += matches.filter { order.comes(last, before: $0.place) }
            } else {
                progress.found += matches
            }
            if progress.found.count > 4 * limit + 2_000 || !piece.hasMore { progress.found = best(progress.found) }
        }
        let isFull = order.followsDirectory && progress.found.count > limit
        if isFull || !piece.hasMore || isOver(piece) { return show(progress, next: nil) }
        progress.from = piece.next
        if order.followsDirectory, progress.read >= Limits.rowsPerPage {
            // Nearly nothing matches: the page ends early, and its cursor goes on from here.
            let from = progress.run?.from ?? progress.from ?? 0
            return show(progress, next: .run(from: from, until: scansDown ? from + 1 : from - 1, hash: []))
        }
        return scan(progress, past: cursor, paths)
    }

    /// Whether what follows was created too early or too late for the query.
    private func isOver(_ piece: ReadRows.Piece) -> Bool {
        guard let last = piece.rows.last else { return piece.unreadable.isEmpty }
        return order.followsDirectory && filter.isPast(last.createdMs, isDescending: scansDown)
    }

    /// Sorts the rows of each millisecond by id, and takes those of runs that are complete.
    private func follow(
        _ piece: ReadRows.Piece, _ matches: [Match], _ progress: inout Progress, past cursor: ReservationCursor?
    ) {
        var rest = matches[...]
        for row in piece.rows {
            if progress.run?.createdMs != row.createdMs {
                close(&progress, past: cursor)
                progress.run = Run(createdMs: row.createdMs, from: row.number, until: row.number)
            }
            progress.run?.until = row.number
            if rest.first?.row.number == row.number, let match = rest.popFirst() {
                progress.run?.matches.append(match)
            }
        }
        if !piece.hasMore { close(&progress, past: cursor) }
    }

    private func close(_ progress: inout Progress, past cursor: ReservationCursor?) {
        guard let run = progress.run else { return }
        progress.run = nil
        var matches = run.matches
        // Without a hash the page before showed none of them. The run begins later than it did when its first rows were
        // deleted in between.
        if case .run(let from, let until, let hash) = cursor, !hash.isEmpty,
            (min(from, until)...max(from, until)).contains(run.from)
        {
            let seen = min(from, until)...max(from, until)
            matches.removeAll { match in
                seen.contains(match.row.number) && !comes(hash, before: match.place.hash)
            }
        }
        matches.sort { comes($0.place.hash, before: $1.place.hash) }
        for index in matches.indices {
            matches[index].cursor = .run(from: run.from, until: run.until, hash: matches[index].place.hash)
        }
        progress.found += matches
    }

    private func comes(_ one: [UInt8], before other: [UInt8]) -> Bool {
        one != other && one.lexicographicallyPrecedes(other) != order.isDescending
    }

    /// The rows of the page and one more, in order.
    private func best(_ found: [Match]) -> [Match] {
        Array(found.sorted { order.comes($0.place, before: $1.place) }.prefix(limit + 1))
    }

    // MARK: Records

    private func show(_ progress: Progress, next: ReservationCursor?) -> Step {
        let shown = progress.found.prefix(limit)
        let end = progress.found.count > limit ? shown.last?.cursor : next
        var page = ReservationPage(extras: extras)
        page.notices = progress.notices
        return read(shown, page, end: end)
    }

    private func read(_ shown: ArraySlice<Match>, _ page: ReservationPage, end: ReservationCursor?) -> Step {
        guard !shown.isEmpty else { return .respond(page.response(next: end.map(seal), readBy: owner)) }
        // The first round has seen that the key still counts.
        let read = ReadRecords(access: .operator(keys: access.keys), hashes: shown.map(\.row.hash))
        return .call(read.call) { reply throws(ScriptFault) in
            let (now, records) = try read.records(reply)
            var page = page
            for (match, found) in zip(shown, records) {
                switch found {
                // What changed since the first round and is not wanted any more is left out, and so is a younger
                // reservation under the key of one that has ended: it has a row of its own.
                case .record(let record)
                where record.createdMs == match.row.createdMs && filter.accepts(ReservationFacts(record, atMs: now)):
                    page.add(record, id: record.id(shard: shard, hash: match.row.hash), nowMs: now)
                case .unreadable: page.notices.append(unreadable(record: match.row.hash))
                default: break
                }
            }
            let rest = shown.dropFirst(records.count)
            if page.isLarge, !rest.isEmpty {
                let last = shown[shown.startIndex + records.count - 1].cursor
                return .respond(page.response(next: seal(last), readBy: owner))
            }
            return self.read(rest, page, end: end)
        }
    }

    private func unreadable(record hash: [UInt8]) -> LogNotice {
        .unreadable(UnreadableRow(kind: .reservation, key: Keyspace.budgetRecord(shard, hash: hash)))
    }

    private func unreadable(row number: Int64) -> LogNotice {
        let key = installation.keyspace.rowChunk(tenant, number: number)
        return .unreadable(UnreadableRow(kind: .reservation, key: key + [UInt8](" row \(number)".utf8)))
    }

    private func seal(_ cursor: ReservationCursor) -> [UInt8] {
        Cursor.seal(cursor.text, boundTo: binding, installation.salt)
    }
}
