// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel

/// A list of the ledgers of all tenants, for the operator.
///
/// Two rounds, as in `LedgerListing`: the first looks at everything and keeps the best, the second reads the page's
/// rows in full. What cannot be read is left out and told to the log: one tenant's broken ledger hides nobody else's.
struct EveryBudget: Sendable {
    let filter: LedgerFilter
    let order: LedgerOrder
    let limit: Int
    let installation: Installation

    /// A row that is wanted, with its place.
    private struct Match: Sendable {
        let place: LedgerPlace
        let tenant: TenantID
    }

    /// How far the first round is.
    private struct Progress: Sendable {
        /// The last row of the page before.
        let past: LedgerPlace?
        var found: [Match] = []
        /// Ledgers and tenants looked at.
        var read: Int64 = 0
        var shards: ArraySlice<Shard>
        var tenant: [UInt8] = []
        var after: [UInt8] = []
        var notices: [LogNotice] = []
    }

    private var binding: [UInt8] {
        [UInt8]("every budget \(order.key.rawValue) \(order.direction.rawValue)".utf8) + [0] + filter.binding
    }

    /// The first step; `cursor` is as sent.
    func begin(cursor: [UInt8]?) throws(APIError) -> Step {
        var past: LedgerPlace?
        if let cursor {
            past = Cursor.open(cursor, boundTo: binding, installation.salt).flatMap(LedgerPlace.init(text:))
            if past == nil { throw .invalid("cursor: is not one of this query's") }
        }
        return scan(Progress(past: past, shards: installation.keyspace.shards[...]))
    }

    private func scan(_ progress: Progress) -> Step {
        guard let shard = progress.shards.first else { return show(progress) }
        var bounds = ScanBounds()
        bounds.within = filter.scopePrefix
        bounds.unit = filter.unit
        let scan = ScanShardLedgers(shard: shard, bounds: bounds, tenant: progress.tenant, after: progress.after)
        return .call(scan.call) { reply throws(ScriptFault) in take(try scan.piece(reply), of: shard, progress) }
    }

    private func take(_ piece: ScanPiece, of shard: Shard, _ progress: Progress) -> Step {
        var progress = progress
        progress.read += piece.read
        progress.notices += piece.unreadable.map { unreadable($0, in: shard, hasTerms: false) }
        for row in piece.rows {
            guard let tenant = Self.tenant(of: row.entry) else {
                progress.notices.append(unreadable(row.entry, in: shard, hasTerms: false))
                continue
            }
            let match = Match(place: order.place(of: row), tenant: tenant)
            guard filter.accepts(row), progress.past.map({ order.comes($0, before: match.place) }) ?? true else {
                continue
            }
            progress.found.append(match)
        }
        if piece.hasMore {
            (progress.tenant, progress.after) = (piece.tenant, piece.last)
        } else {
            progress.shards = progress.shards.dropFirst()
            (progress.tenant, progress.after) = ([], [])
        }
        if progress.read > Limits.ledgersScannedMax, !progress.shards.isEmpty { return .refuse(Self.tooMany) }
        if progress.found.count > 4 * limit + 1_000 || progress.shards.isEmpty {
            progress.found = Array(
                progress.found.sorted { order.comes($0.place, before: $1.place) }.prefix(limit + 1))
        }
        return scan(progress)
    }

    /// Begins the second round with what the first one found, in order.
    private func show(_ progress: Progress) -> Step {
        let shown = Array(progress.found.prefix(limit))
        let last = progress.found.count > limit ? shown.last : nil
        let cursor = last.map { Cursor.seal($0.place.text, boundTo: binding, installation.salt) }
        let shards = Dictionary(grouping: shown) { installation.keyspace.shard(of: $0.tenant) }
        let reads = shards.map { (shard: $0.key, entries: $0.value.map(\.place.entry)) }
        return read(reads[...], details: [:], progress.notices) { details, notices in
            // What changed since the first round and is not wanted any more is left out.
            let ledgers = shown.compactMap { details[$0.place.entry] }.filter { filter.accepts($0.row) }
            var response = APIResponse.json(LedgerPage(ledgers: ledgers, nextCursor: cursor).body("ledgers"))
            response.notices = notices
            return .respond(response)
        }
    }

    private func read(
        _ reads: ArraySlice<(shard: Shard, entries: [[UInt8]])>, details: [[UInt8]: LedgerDetail],
        _ notices: [LogNotice], finish: @escaping @Sendable ([[UInt8]: LedgerDetail], [LogNotice]) -> Step
    ) -> Step {
        guard let (shard, entries) = reads.first else { return finish(details, notices) }
        return .call(ReadLedgers(prefix: shard.prefix, entries: entries).call) { reply throws(ScriptFault) in
            guard reply.isWord("LEDGERS"), reply.count == 2 * entries.count else { throw reply.malformed("word") }
            var (details, notices) = (details, notices)
            for (index, entry) in entries.enumerated() {
                let (stored, terms) = (try reply.bytes(2 * index), try reply.bytes(2 * index + 1))
                if let detail = LedgerDetail(entry: entry, stored: stored, terms: terms) {
                    details[entry] = detail
                } else {
                    let isLedger = LedgerRow(entry: entry, stored: stored) != nil
                    notices.append(unreadable(entry, in: shard, hasTerms: isLedger))
                }
            }
            return read(reads.dropFirst(), details: details, notices, finish: finish)
        }
    }

    /// The tenant of a directory entry; nil when it is none.
    private static func tenant(of entry: [UInt8]) -> TenantID? {
        let root = [UInt8]("tenant:".utf8)
        guard entry.starts(with: root) else { return nil }
        return TenantID(entry.dropFirst(root.count).prefix { $0 != UInt8(ascii: "/") && $0 != 0 })
    }

    /// Names what cannot be read: the ledger, its terms when the ledger can be, or the entry when it is none.
    private func unreadable(_ entry: [UInt8], in shard: Shard, hasTerms: Bool) -> LogNotice {
        let keyspace = installation.keyspace
        guard let tenant = Self.tenant(of: entry), entry.count > 2, entry[entry.count - 2] == 0,
            let letter = entry.last, BudgetUnit(letter: letter) != nil
        else {
            let key = Self.tenant(of: entry).map(keyspace.ledgerDirectory) ?? Keyspace.tenants(shard)
            return .unreadable(UnreadableRow(kind: .budget, key: key + [UInt8(ascii: " ")] + entry))
        }
        let path = Array(entry.dropLast(2))
        let key =
            hasTerms
            ? keyspace.ledgerTerms(tenant, unitLetter: letter, path: path)
            : keyspace.ledger(tenant, unitLetter: letter, path: path)
        return .unreadable(UnreadableRow(kind: .budget, key: key))
    }

    private static let tooMany = APIError(
        .badRequest, "LIMIT_EXCEEDED",
        "sort_by: there are more than \(Limits.ledgersScannedMax) budgets to sort: name a tenant_id and sort by scope")
}
