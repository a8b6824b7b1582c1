// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `POST /v1/admin/webhooks/bulk-action` (admin digest 1.10): pauses, resumes or deletes the subscriptions of a filter.
enum BulkWebhooks {
    static let endpoint = Endpoint(
        "bulkActionWebhooks", .post, "/v1/admin/webhooks/bulk-action", surface: .admin, access: .admin,
        plan: { input in planning { BulkRun(try WebhookBulkWork(input)).step } })
}

/// What is done with the subscriptions.
enum WebhookBulkAction: String, CaseIterable {
    case pause = "PAUSE"
    case resume = "RESUME"
    case delete = "DELETE"

    /// The status it leads to; nil when it ends them.
    fileprivate var target: SubscriptionStatus? {
        switch self {
        case .pause: .paused
        case .resume: .active
        case .delete: nil
        }
    }
}

/// The action over subscriptions. A row's place is its id, a space and the owner.
private struct WebhookBulkWork: BulkWork {
    static let operation: StaticString = "bulkActionWebhooks"
    static let resourceType: StaticString = "webhook"
    static let correlationWord: StaticString = "webhook_bulk_action"

    let input: Endpoint.Input
    let request: BulkRequest<WebhookBulkAction>
    private let owner: [UInt8]?
    private let status: SubscriptionStatus?
    private let type: EventType?
    private let search: [UInt8]?
    /// As sent.
    private let filter: [UInt8]

    init(_ input: Endpoint.Input) throws {
        self.input = input
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let filter = try fields.requiredObject("filter")
        var criteria = try JSONFields(filter)
        owner = try criteria.optionalString("tenant_id", characters: Limits.tenantIDCharacters)
        status = try criteria.optionalEnum("status", SubscriptionStatusWord.self)?.status
        type = try criteria.optionalString("event_type", characters: 1...128).map { text in
            guard let type = EventType(text) else {
                throw APIError.invalid("filter.event_type: is no type of events")
            }
            return type
        }
        search = try criteria.optionalSearch()
        try criteria.finish()
        request = try BulkRequest(&fields, of: document.root, input.request)
        try fields.finish()
        guard owner != nil || status != nil || type != nil || search != nil else {
            throw APIError.invalid("filter: must name tenant_id, status, event_type or search")
        }
        self.filter = Array(filter.raw)
    }

    /// The operator's own log: the subscriptions are of many owners.
    var auditKeys: [[UInt8]] { BulkAudit.operatorKeys }

    func writeDetails(to writer: inout JSONWriter) {
        writer.key("filter")
        writer.raw(filter)
    }

    func id(of row: BulkRow) -> [UInt8] { Array(row.place.prefix { $0 != 32 }) }

    // MARK: Finding

    func match(
        found: @escaping @Sendable (BulkMatch) -> Step, refuse: @escaping @Sendable (APIError) -> Step
    ) -> Step {
        let keyspace = input.installation.keyspace
        guard let owner else { return scan(Progress(shards: keyspace.shards[...]), of: nil, found) }
        // What cannot be an owner has no subscriptions.
        guard let id = SubscriptionOwner.parse(owner) else { return found(BulkMatch()) }
        return scan(Progress(shards: [keyspace.shard(of: id)]), of: id, found)
    }

    /// How far the search is.
    private struct Progress: Sendable {
        var shards: ArraySlice<Shard>
        var place = ShardPlace()
        var match = BulkMatch()
    }

    private func scan(
        _ progress: Progress, of owner: TenantID?, _ found: @escaping @Sendable (BulkMatch) -> Step
    ) -> Step {
        guard let shard = progress.shards.first else { return found(progress.match) }
        var call = ScriptCall(.webhooksListSubscriptions, keys: [shard.prefix])
        call.append([])
        call.append(owner?.bytes ?? [])
        progress.place.append(to: &call, isDescending: false)
        call.append(decimal: Limits.listedRowsPerCall)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("ROWS") else { throw reply.malformed("word") }
            var progress = progress
            for field in stride(from: 2, to: reply.count, by: 8) {
                progress.place.pass(try reply.int(field))
                let name = try reply.bytes(field + 2)
                // One that cannot be read is no match, as it is no row of the list.
                guard SubscriptionOwner.parse(name) != nil,
                    let stored = StoredSubscription(id: try reply.bytes(field + 1), row: try reply.bytes(field + 3)),
                    accepts(stored)
                else { continue }
                progress.match.add(BulkRow(place: stored.id + [32] + name, mark: stored.status.rawValue))
            }
            if try reply.int(0) == 0 || reply.count == 2 {
                progress.shards = progress.shards.dropFirst()
                progress.place = ShardPlace()
            }
            return scan(progress, of: owner, found)
        }
    }

    private func accepts(_ stored: StoredSubscription) -> Bool {
        if let status, stored.status != status { return false }
        if let type, !stored.terms.selectors.selects(type) { return false }
        guard let search else { return true }
        return [stored.id, stored.terms.url].contains { text in
            [UInt8](String(decoding: text, as: UTF8.self).lowercased().utf8).firstRange(of: search) != nil
        }
    }

    // MARK: Changing

    func foregone(_ row: BulkRow) -> BulkOutcome? {
        guard let status = SubscriptionStatus(rawValue: row.mark) else { return .fault }
        return refusal(of: status)
    }

    /// What becomes of a subscription in this status, where that is not changed.
    private func refusal(of status: SubscriptionStatus) -> BulkOutcome? {
        switch (request.action, status) {
        case (.pause, .paused), (.pause, .disabled), (.resume, .active): .already
        case (.resume, .disabled): .invalid("the subscription is DISABLED: activate it by itself")
        default: nil
        }
    }

    func apply(_ row: BulkRow, _ pass: BulkPass, done: @escaping @Sendable (BulkOutcome) -> Step) -> Step {
        let id = id(of: row)
        guard let name = SubscriptionOwner.parse(Array(row.place.dropFirst(id.count + 1))) else { return done(.fault) }
        let owner = SubscriptionOwner(operatorFor: name, input, on: .admin)
        let trail = SubscriptionTrail(owner: owner, id: id, request: input.request)
        var call = ScriptCall(.webhooksGetSubscription, keys: owner.keys)
        call.append([])
        call.append(id)
        return .call(call, otherwise: { afterFault($0, done: done) }) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return done(gone(pass)) }
            guard reply.isWord("SUBSCRIPTION"), let stored = StoredSubscription(id: id, row: try reply.bytes(1)) else {
                throw reply.malformed("subscription")
            }
            return change(stored, trail, pass, attemptsLeft: Limits.changeAttemptsMax, done)
        }
    }

    /// It was there when it was found: a request that was cut off has deleted it, or somebody else just did.
    private func gone(_ pass: BulkPass) -> BulkOutcome {
        pass.isResumed && request.action == .delete ? .succeeded : .skipped(reason: "ALREADY_DELETED")
    }

    private func change(
        _ stored: StoredSubscription, _ trail: SubscriptionTrail, _ pass: BulkPass, attemptsLeft: Int,
        _ done: @escaping @Sendable (BulkOutcome) -> Step
    ) -> Step {
        if pass.isResumed, stored.status == request.action.target { return done(.succeeded) }
        if let outcome = refusal(of: stored.status) { return done(outcome) }
        if request.action == .resume {
            do throws(APIError) {
                try stored.terms.checkInvariants(owner: trail.owner.id)
            } catch {
                return done(.invalid(error.message))
            }
        }
        return .call(
            call(stored, trail, pass), otherwise: { afterFault($0, done: done) }
        ) { reply throws(ScriptFault) in
            if reply.isWord("UPDATED") || reply.isWord("DELETED") { return done(.succeeded) }
            if reply.isWord("NOT_FOUND") { return done(gone(pass)) }
            if reply.isWord("CLOSED") { return done(.invalid("the tenant is CLOSED")) }
            if reply.isWord("TOO_MANY") { return done(.invalid(WebhookRefusals.tooManyThresholds.message)) }
            guard reply.isWord("CHANGED") else { throw reply.malformed("word") }
            guard attemptsLeft > 1, let fresh = StoredSubscription(id: stored.id, row: try reply.bytes(0)) else {
                return done(.fault)
            }
            return change(fresh, trail, pass, attemptsLeft: attemptsLeft - 1, done)
        }
    }

    /// The script of the single operation, without an audit entry of the row's own.
    private func call(_ stored: StoredSubscription, _ trail: SubscriptionTrail, _ pass: BulkPass) -> ScriptCall {
        let context = EventContext.json(input.request, .admin, correlationID: pass.correlationID)
        let payload = trail.eventData(from: stored.status, to: request.action.target, changed: [])
        guard let target = request.action.target else {
            var call = ScriptCall(.webhooksDeleteSubscription, keys: trail.owner.keys, reservingBytes: 4_096)
            call.append([])
            call.append(stored.id)
            call.append(stored.row)
            call.append([])
            call.append(context)
            call.append(payload)
            call.append(pass.plan.id)
            return call
        }
        var call = ScriptCall(.webhooksUpdateSubscription, keys: trail.owner.keys, reservingBytes: 8_192)
        call.append([])
        call.append(stored.id)
        call.append(stored.row)
        call.append([target.rawValue])
        call.append(stored.content)
        call.append(target == .active ? "1" : "0")
        call.append(SubscriptionAsks(stored.terms, status: target).json)
        call.append([])
        call.append(context)
        call.append(target == .active ? "webhook.resumed" : "webhook.paused")
        call.append(payload)
        return call
    }
}
