// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel

/// A list of one tenant's ledgers, as `GET /v1/admin/budgets` and the ledger view of `GET /v1/balances` show it.
///
/// Two rounds. The first looks at what lists sort and filter by, 1,000 ledgers a call: in the order of the directory
/// until the page is full, in any other order all of them, of which it keeps the best. The second reads the page's rows
/// in full, one call a shard. A cursor holds the last row's place, so nothing is skipped or repeated when rows come.
struct LedgerListing: Sendable {
    /// The tenant's keys.
    let keys: [[UInt8]]
    /// The caller's cached tag; empty for the operator.
    let tag: [UInt8]
    let filter: LedgerFilter
    let order: LedgerOrder
    let limit: Int
    /// Names the operation and whose ledgers they are: no cursor works elsewhere.
    let owner: [UInt8]
    let installation: Installation
    /// Makes the answer.
    let respond: @Sendable (LedgerPage) -> APIResponse

    /// A row that is wanted, with its place.
    private struct Match: Sendable {
        let place: LedgerPlace
        let tenant: TenantID
    }

    /// How far the first round is.
    private struct Progress: Sendable {
        var found: [Match] = []
        /// Ledgers looked at.
        var read: Int64 = 0
        var after: [UInt8] = []
        var isFirst = true
    }

    private var bounds: ScanBounds {
        var bounds = ScanBounds()
        bounds.within = filter.scopePrefix
        bounds.unit = filter.unit
        return bounds
    }

    /// Whether the directory has the rows in this very order.
    private var followsDirectory: Bool { order.key == .scope || order.key == .tenant }

    private var isDescending: Bool { order.key == .scope && order.direction == .desc }

    private var binding: [UInt8] {
        owner + [0] + [UInt8]("\(order.key.rawValue) \(order.direction.rawValue)".utf8) + [0] + filter.binding
    }

    /// The first step; `cursor` is as sent.
    func begin(cursor: [UInt8]?) throws(APIError) -> Step {
        var progress = Progress()
        guard let cursor else { return scan(progress, past: nil) }
        guard let text = Cursor.open(cursor, boundTo: binding, installation.salt), let place = LedgerPlace(text: text)
        else { throw .invalid("cursor: is not one of this query's") }
        if followsDirectory { progress.after = place.entry }
        return scan(progress, past: place)
    }

    private func scan(_ progress: Progress, past place: LedgerPlace?) -> Step {
        let needsNoMore = followsDirectory && filter.isDirectoryOnly
        let room = needsNoMore ? Int64(limit + 1 - progress.found.count) : Limits.ledgersPerScan
        let scan = ScanLedgers(
            keys: keys, tag: progress.isFirst ? tag : [], bounds: bounds, isDescending: isDescending,
            after: progress.after, room: room)
        let (keys, keepMs) = (keys, installation.keepMs)
        let catchUp = CatchUp(
            sweep: { Expire(keys: keys, keepMs: keepMs).call }, again: { scan.call(sweptMs: $0) })
        // Only the first call insists that nothing waits to be expired: one sweep is enough for a page.
        return .call(scan.call(sweptMs: progress.isFirst ? 0 : 1), catchUp: catchUp) { reply throws(ScriptFault) in
            try take(try scan.piece(reply), reply, progress, past: place)
        }
    }

    private func take(
        _ piece: ScanPiece, _ reply: ScriptReply, _ progress: Progress, past place: LedgerPlace?
    ) throws(ScriptFault) -> Step {
        var progress = progress
        progress.isFirst = false
        progress.read += piece.read
        for row in piece.rows where filter.accepts(row) {
            guard let tenant = TenantID(row.tenant) else { throw reply.malformed("scope") }
            let match = Match(place: order.place(of: row), tenant: tenant)
            if let place, !order.comes(place, before: match.place) { continue }
            progress.found.append(match)
        }
        if followsDirectory {
            if progress.found.count > limit || !piece.hasMore { return show(progress.found) }
            // Nearly nothing matches: the page ends early, and its cursor goes on from here.
            if progress.read >= Limits.ledgersScannedPerPage { return show(progress.found, endedAt: piece.last) }
        } else {
            if progress.read > Limits.ledgersScannedMax { return .refuse(Self.tooMany) }
            if progress.found.count > 4 * limit + 1_000 || !piece.hasMore { progress.found = best(progress.found) }
            guard piece.hasMore else { return show(progress.found) }
        }
        progress.after = piece.last
        return scan(progress, past: place)
    }

    /// The rows of the page and one more, in order.
    private func best(_ found: [Match]) -> [Match] {
        Array(found.sorted { order.comes($0.place, before: $1.place) }.prefix(limit + 1))
    }

    /// Begins the second round with what the first one found, in order.
    private func show(_ found: [Match], endedAt last: [UInt8]? = nil) -> Step {
        let shown = Array(found.prefix(limit))
        var next: LedgerPlace?
        if found.count > limit {
            next = shown.last?.place
        } else if let last {
            next = order.place(ofEntry: last)
        }
        let cursor = next.map { Cursor.seal($0.text, boundTo: binding, installation.salt) }
        let shards = Dictionary(grouping: shown) { installation.keyspace.shard(of: $0.tenant) }
        let reads = shards.map { ReadLedgers(prefix: $0.key.prefix, entries: $0.value.map(\.place.entry)) }
        return read(reads[...], details: [:]) { details in
            // What changed since the first round and is not wanted any more is left out.
            let ledgers = shown.compactMap { details[$0.place.entry] }.filter { filter.accepts($0.row) }
            return .respond(respond(LedgerPage(ledgers: ledgers, nextCursor: cursor)))
        }
    }

    private func read(
        _ reads: ArraySlice<ReadLedgers>, details: [[UInt8]: LedgerDetail],
        finish: @escaping @Sendable ([[UInt8]: LedgerDetail]) -> Step
    ) -> Step {
        guard let first = reads.first else { return finish(details) }
        return .call(first.call) { reply throws(ScriptFault) in
            var details = details
            for ledger in try first.ledgers(reply) { details[ledger.row.entry] = ledger }
            return read(reads.dropFirst(), details: details, finish: finish)
        }
    }

    private static let tooMany = APIError(
        .badRequest, "LIMIT_EXCEEDED",
        "sort_by: there are more than \(Limits.ledgersScannedMax) budgets to sort: sort by scope")
}
