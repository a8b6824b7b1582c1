// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import Events
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/overview` (admin digest 1.9): the installation at a glance.
///
/// Shard by shard, in calls of a bounded size: tenants, budgets, subscriptions, then the events of the last hour,
/// newest first. What there is too much of is counted as far as a bound, and the answer says `truncated`.
enum GetOverview {
    static let endpoint = Endpoint(
        "getAdminOverview", .get, "/v1/admin/overview", surface: .admin, access: .admin,
        plan: { input in OverviewScan(input.installation.keyspace.shards).tenants(from: 0) })
}

/// The overview on its way.
private struct OverviewScan: Sendable {
    /// All of them.
    private let all: [Shard]
    /// Those that the present part has not looked at.
    private var left: ArraySlice<Shard>
    /// Rows that the present part has looked at.
    private var read: Int64 = 0
    private var tally = OverviewTally()

    init(_ shards: [Shard]) {
        all = shards
        left = shards[...]
    }

    /// Ready for the next part.
    private var nextPart: OverviewScan {
        var next = self
        (next.left, next.read) = (all[...], 0)
        return next
    }

    /// After a call that looked at so many rows: whether its shard has more; stops where the bound is.
    private mutating func pass(_ rows: Int64, hasMore: Bool, bound: Int64 = Limits.overviewRowsMax) -> Bool {
        read += rows
        if read >= bound, hasMore || left.count > 1 {
            tally.isTruncated = true
            left = []
            return false
        }
        if !hasMore { left = left.dropFirst() }
        return hasMore
    }

    // MARK: Tenants

    func tenants(from rank: Int64) -> Step {
        guard let shard = left.first else { return nextPart.budgets(after: ([], [])) }
        var call = ScriptCall(.adminTenantFacts, keys: [shard.prefix])
        call.append(decimal: rank)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("FACTS") else { throw reply.malformed("word") }
            var scan = self
            if scan.tally.asOfMs == 0 { scan.tally.asOfMs = try reply.int(1) }
            let count = try reply.int(2)
            scan.tally.tenants.active += try reply.int(3)
            scan.tally.tenants.suspended += try reply.int(4)
            scan.tally.tenants.closed += try reply.int(5)
            let hasMore = scan.pass(count, hasMore: try reply.int(0) == 1)
            return scan.tenants(from: hasMore ? rank + count : 0)
        }
    }

    // MARK: Budgets

    private func budgets(after place: (tenant: [UInt8], entry: [UInt8])) -> Step {
        guard let shard = left.first else { return nextPart.webhooks(from: 0) }
        let ledgers = ScanShardLedgers(
            shard: shard, bounds: ScanBounds(), tenant: place.tenant, after: place.entry)
        return .call(ledgers.call) { reply throws(ScriptFault) in
            let piece = try ledgers.piece(reply)
            var scan = self
            for row in piece.rows { scan.tally.add(row) }
            for entry in piece.unreadable {
                let key = Keyspace.tenants(shard) + [UInt8(ascii: " ")] + entry
                scan.tally.notices.append(.unreadable(UnreadableRow(kind: .budget, key: key)))
            }
            let hasMore = scan.pass(piece.read, hasMore: piece.hasMore, bound: Limits.ledgersScannedMax)
            return scan.budgets(after: hasMore ? (piece.tenant, piece.last) : ([], []))
        }
    }

    // MARK: Subscriptions

    private func webhooks(from rank: Int64) -> Step {
        guard let shard = left.first else {
            return nextPart.events(all.map { LogPlace(shard: $0) }[...], isFirst: true)
        }
        var call = ScriptCall(.adminWebhookFacts, keys: [shard.prefix])
        call.append(decimal: rank)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("FACTS") else { throw reply.malformed("word") }
            var scan = self
            scan.tally.webhooks.total += try reply.int(2)
            scan.tally.webhooks.active += try reply.int(3)
            scan.tally.webhooks.disabled += try reply.int(4)
            scan.tally.webhooks.failing += try reply.int(5)
            for field in stride(from: 6, to: reply.count, by: 4) {
                let at = try reply.bytes(field + 2)
                let document = try? JSONDocument.parse(
                    try reply.bytes(field + 3), maxDepth: Limits.storedJSONDepthMax)
                scan.tally.add(
                    OverviewTally.FailingWebhook(
                        id: try reply.bytes(field), url: document?.root.member("url")?.stringBytes() ?? [],
                        failures: try reply.int(field + 1), lastMs: parseDecimalInt64(at)))
            }
            let count = try reply.int(1)
            let hasMore = scan.pass(count, hasMore: try reply.int(0) == 1)
            return scan.webhooks(from: hasMore ? rank + count : 0)
        }
    }

    // MARK: Events

    /// How far a shard's log was read.
    private struct LogPlace: Sendable {
        let shard: Shard
        var before = [UInt8]("+inf".utf8)
    }

    /// The newest events of every shard come first, whatever their number, so that what is shown are the newest; then
    /// what is left, as far as the bound.
    private func events(_ queue: ArraySlice<LogPlace>, isFirst: Bool, later: [LogPlace] = []) -> Step {
        guard let place = queue.first else {
            return later.isEmpty ? respond() : events(later[...], isFirst: false)
        }
        if !isFirst, read >= Limits.overviewEventsMax {
            var scan = self
            scan.tally.isTruncated = true
            return scan.respond()
        }
        var call = ScriptCall(.eventsRecent, keys: [place.shard.prefix])
        call.append(decimal: max(0, tally.asOfMs - Limits.overviewWindowSeconds * 1_000) * 1_000)
        call.append(place.before)
        call.append(decimal: Int64(Limits.overviewRows))
        call.append(decimal: Int64(Limits.overviewRows))
        return .call(call) { reply throws(ScriptFault) in
            var (scan, later) = (self, later)
            try scan.take(reply, of: place.shard)
            if try reply.int(0) == 1 {
                later.append(LogPlace(shard: place.shard, before: [UInt8(ascii: "(")] + (try reply.bytes(1))))
            }
            return scan.events(queue.dropFirst(), isFirst: isFirst, later: later)
        }
    }

    /// Takes a piece of a log in.
    private mutating func take(_ reply: ScriptReply, of shard: Shard) throws(ScriptFault) {
        guard reply.isWord("RECENT") else { throw reply.malformed("word") }
        read += try reply.int(2)
        var field = 6
        for _ in 0..<(try reply.int(3)) {
            tally.events[try reply.bytes(field), default: 0] += try reply.int(field + 1)
            field += 2
        }
        for _ in 0..<(try reply.int(4)) {
            tally.reasons[try reply.bytes(field), default: 0] += try reply.int(field + 1)
            field += 2
        }
        for _ in 0..<(try reply.int(5)) {
            let id = EventID(shard: shard, sequence: try reply.int(field))
            if let event = StoredEvent(id: id, body: try reply.bytes(field + 1)) {
                tally.add(event)
            } else {
                let key = Keyspace.event(shard, sequence: id.sequence)
                tally.notices.append(.unreadable(UnreadableRow(kind: .event, key: key)))
            }
            field += 2
        }
    }

    private func respond() -> Step {
        var response = APIResponse.json(tally.body)
        response.notices = tally.notices
        return .respond(response)
    }
}
