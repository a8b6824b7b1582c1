// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `POST /v1/admin/webhooks/{subscription_id}/replay` (admin digest 5.8): the events of a window once more, as new
/// deliveries. One replay of a subscription at a time; all that can be delivered is queued, or nothing.
///
/// One that is cut off by a fault leaves its id behind for ten minutes. Asked for the same again it goes on under that
/// id, of which the ids of its deliveries are made, so that none is queued twice.
enum ReplayEvents {
    static let endpoint = Endpoint(
        "replayEvents", .post, "/v1/admin/webhooks/{subscription_id}/replay", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    /// Events of the log that one replay may look at.
    private static let scannedMax = 20_000
    private static let eventsMax: ClosedRange<Int64> = 1...1_000
    private static let eventsDefault: Int64 = 100
    /// After which another replay may begin although one never ended, ms.
    private static let lease_ms: Int64 = 60_000

    private static let inProgress = APIError(
        .conflict, "REPLAY_IN_PROGRESS", "another replay of this subscription is under way")

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        var wish = Wish()
        var fields = try JSONFields(try input.request.document().root)
        wish.fromUs = try fields.optionalDateTime("from").map { max(0, $0) * 1_000 }
        // A millisecond has 1,000 numbers.
        wish.untilUs = try fields.optionalDateTime("to").map { max(0, $0) * 1_000 + 999 }
        if let types = try fields.optionalArray("event_types", count: 0...Limits.eventTypesNamed) {
            wish.types = []
            for type in types {
                guard let known = EventType(try type.checkedString(characters: 1...128)) else {
                    throw type.fieldError("is no type of events")
                }
                wish.types?.append(known.text)
            }
        }
        wish.most = Int(try fields.optionalInt64("max_events", in: eventsMax) ?? eventsDefault)
        try fields.finish()
        let asked = wish
        return FoundSubscription.load(input, on: .admin) { begin($0, asked, input) }
    }

    /// What is asked for.
    private struct Wish: Sendable {
        var fromUs, untilUs: Int64?
        /// Nil for all that the subscription gets; empty counts as nil.
        var types: [[UInt8]]?
        var most = 0
        /// Of span and types.
        var fingerprint: [UInt8] {
            var writer = JSONWriter(capacity: 256)
            writer.beginArray()
            for number in [fromUs, untilUs] {
                if let number { writer.int(number) } else { writer.null() }
            }
            for type in Set(types ?? []).sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.string(type) }
            writer.endArray()
            return Array(Identity(digestOf: writer.finish()).text)
        }
    }

    private static func begin(_ found: FoundSubscription, _ wish: Wish, _ input: Endpoint.Input) -> Step {
        if found.isTenantClosed { return .refuse(BudgetRefusals.tenantClosed) }
        let token = [UInt8]("rpl_".utf8) + input.request.correlation.requestID
        guard found.record.stored.status == .active else { return .respond(answer(token, queued: 0)) }
        var call = ScriptCall(.webhooksBeginReplay, keys: found.owner.keys)
        call.append(found.record.id)
        call.append(token)
        call.append(wish.fingerprint)
        call.append(decimal: lease_ms)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("IN_PROGRESS") { return .refuse(inProgress) }
            if reply.isWord("NOT_FOUND") { return .refuse(WebhookRefusals.notFound) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            guard reply.isWord("BEGUN") else { throw reply.malformed("word") }
            let keyspace = input.installation.keyspace
            let owner = found.owner.id
            let shards = owner == .system ? keyspace.shards : [keyspace.shard(of: owner)]
            return Scan(
                found: found, wish: wish, input: input, token: token, replay: try reply.bytes(0), shardsLeft: shards
            ).step
        }
    }

    /// The log being read, shard by shard.
    private struct Scan: Sendable {
        let found: FoundSubscription
        let wish: Wish
        let input: Endpoint.Input
        /// Of this request.
        let token: [UInt8]
        /// The replay's id.
        let replay: [UInt8]
        var shardsLeft: [Shard]
        /// The last number read in the first of these; nil before its first page.
        var last: Int64?
        var scanned = 0
        var events: [StoredEvent] = []

        private var isOperators: Bool { found.owner.id == .system }

        var step: Step {
            guard let shard = shardsLeft.first else { return queue(from: 0) }
            let log = isOperators ? shard.prefix : Keyspace.tenant(found.owner.id, in: shard)
            var call = ScriptCall(.eventsPage, keys: [shard.prefix, log])
            call.append("")
            call.append(isOperators ? "shard" : "tenant")
            call.append("asc")
            if let begin = last ?? wish.fromUs { call.append(decimal: begin) } else { call.append("-inf") }
            if let until = wish.untilUs { call.append(decimal: until) } else { call.append("+inf") }
            call.append(decimal: last == nil ? 0 : 1)
            call.append(decimal: Limits.listedRowsPerCall)
            for type in wish.types ?? [] { call.append(type) }
            return .call(call, otherwise: { cutOff(by: $0, queued: nil) }) { reply throws(ScriptFault) in
                try after(reply, in: shard)
            }
        }

        private func after(_ reply: ScriptReply, in shard: Shard) throws(ScriptFault) -> Step {
            guard reply.isWord("ROWS") else { throw reply.malformed("word") }
            var scan = self
            for index in stride(from: 2, to: reply.count, by: EventList.fieldsPerRow) {
                let row = try EventRow(reply, at: index, in: shard)
                scan.last = row.createdMs
                scan.scanned += 1
                if let event = row.event, wants(event) { scan.events.append(event) }
            }
            if scan.events.count > wish.most {
                return stop(
                    .refuse(
                        .invalid("max_events: the window has more than \(wish.most) events for this subscription")))
            }
            if scan.scanned > scannedMax {
                return stop(.refuse(.invalid("from: the window has more than \(scannedMax) events to look at")))
            }
            if try reply.int(0) == 0 {
                scan.shardsLeft.removeFirst()
                scan.last = nil
            }
            return scan.step
        }

        private func wants(_ event: StoredEvent) -> Bool {
            guard wish.types.map({ $0.isEmpty || $0.contains(event.type.text) }) ?? true else { return false }
            return found.record.stored.selects(event, owner: found.owner.id)
        }

        /// Writes deliveries of the events from one on, in the order of time.
        private func queue(from start: Int, queued: Int64 = 0) -> Step {
            let ordered = events.sorted {
                ($0.id.sequence, $0.id.shard.number) < ($1.id.sequence, $1.id.shard.number)
            }
            guard start < ordered.count else {
                return end(.respond(answer(replay, queued: queued)), isWhole: true, entry(queued, .accepted))
            }
            let part = ordered[start..<min(start + EnqueueDeliveries.max, ordered.count)]
            let home = input.installation.keyspace.shard(of: found.owner.id)
            let enqueue = EnqueueDeliveries(
                keys: found.owner.keys,
                part.map {
                    PlannedDelivery(of: $0, to: found.record.id, purpose: replay, in: home, body: $0.json)
                })
            return .call(enqueue.call, otherwise: { cutOff(by: $0, queued: queued) }) { reply throws(ScriptFault) in
                _ = try enqueue.count(reply)
                var there: Int64 = 0
                // What was there before is of this replay, too: of a request that was cut off, or of this call, sent
                // again because its answer was lost.
                for index in part.indices where try reply.bytes(1 + index - start) != [UInt8(ascii: "S")] { there += 1 }
                return queue(from: start + part.count, queued: queued + there)
            }
        }

        /// Lets the next replay begin, then gives the answer.
        private func end(
            _ last: Step, isWhole: Bool, _ entry: [UInt8], otherwise: (@Sendable (ScriptFault?) -> Step)? = nil
        ) -> Step {
            var call = ScriptCall(.webhooksEndReplay, keys: found.owner.keys, reservingBytes: 1_024)
            call.append(found.record.id)
            call.append(token)
            call.append(replay)
            call.append(isWhole ? "1" : "0")
            call.append(entry)
            return .call(call, otherwise: otherwise) { _ throws(ScriptFault) in last }
        }

        /// The end of a replay that queues nothing more.
        private func stop(_ last: Step) -> Step { end(last, isWhole: false, []) }

        /// The end by a fault: the next one may begin at once. `queued` is how many are queued for certain; nil when it
        /// had not come to that.
        private func cutOff(by fault: ScriptFault?, queued: Int64?) -> Step {
            let error = fault?.apiError ?? AdminRefusals.contended
            let entry = queued.map { self.entry($0, error.status) } ?? []
            return end(.refuse(error), isWhole: false, entry, otherwise: { _ in .refuse(error) })
        }

        private func entry(_ queued: Int64, _ status: HTTPResponse.Status) -> [UInt8] {
            AuditEntry(
                operation: "replayEvents", status: status, actor: .admin, resourceType: "webhook",
                resourceID: found.record.id
            ).json(input.request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("replay_id")
                writer.string(replay)
                writer.key("events_queued")
                writer.int(queued)
                writer.endObject()
            }
        }
    }

    private static func answer(_ replay: [UInt8], queued: Int64) -> APIResponse {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("replay_id")
        writer.string(replay)
        writer.key("events_queued")
        writer.int(queued)
        writer.key("estimated_completion_seconds")
        // One delivery at a time in each lane; an endpoint that is well takes some milliseconds for each.
        writer.int((queued + 99) / 100)
        writer.endObject()
        return .json(writer.finish(), status: .accepted)
    }
}
