// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `GET /v1/admin/webhooks` and `GET /v1/webhooks` (admin digest 1.6, 1.7): subscriptions of an owner, or of all.
enum ListSubscriptions {
    static func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .get, plane.path, surface: .admin, access: plane.access(.webhooksRead)
        ) { input in
            planning { try plane == .admin ? planAll(input) : planTenant(input) }
        }
    }

    private enum Sort: String, ListSort {
        case url
        case tenantID = "tenant_id"
        case status
        case failures = "consecutive_failures"
        case creation = "created_at"

        static var usual: Sort { .failures }
    }

    private static func planAll(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let text = try request.queryValue("tenant_id")
        let status = try request.queryChoice("status", SubscriptionStatusWord.self)
        var type: EventType?
        if let text = try request.queryValue("event_type") {
            guard let known = EventType(text) else { throw APIError.invalid("event_type: is no type of events") }
            type = known
        }
        let query = try ListQuery<Sort>(
            input, "webhooks", filters: [text, status.map { [UInt8]($0.rawValue.utf8) }, type?.text])
        let keyspace = input.installation.keyspace
        // What cannot be an owner has no subscriptions.
        let owner = text.flatMap(SubscriptionOwner.parse)
        let shards = text == nil ? keyspace.shards : owner.map { [keyspace.shard(of: $0)] } ?? []
        return List(
            query: query, shards: shards, owner: owner, asker: nil, status: status?.status, type: type
        ).step
    }

    private static func planTenant(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let owner: SubscriptionOwner
        if let principal = input.caller.principal {
            guard try request.queryValue("tenant") == nil else {
                throw APIError.invalid("tenant: must be absent with a tenant's key, which names the tenant")
            }
            owner = SubscriptionOwner(principal, input, on: .tenant)
        } else {
            guard let text = try request.queryValue("tenant") else {
                throw APIError.invalid("tenant query parameter is required when using admin key authentication")
            }
            guard let tenant = SubscriptionOwner.parse(text) else { throw AdminRefusals.noTenant }
            owner = SubscriptionOwner(operatorFor: tenant, input, on: .tenant)
        }
        let status = try request.queryChoice("status", SubscriptionStatusWord.self)
        let query = try ListQuery<Sort>(
            input, "tenant_webhooks", filters: [owner.id.bytes, status.map { [UInt8]($0.rawValue.utf8) }],
            isPlain: true)
        return List(
            query: query, shards: [input.installation.keyspace.shard(of: owner.id)], owner: owner.id, asker: owner,
            status: status?.status, type: nil
        ).step
    }

    private struct List: ShardList {
        static let fieldsPerRow = 8

        let query: ListQuery<Sort>
        let shards: [Shard]
        /// Nil for all of them.
        let owner: TenantID?
        /// Of a list on the tenants' plane: in whose name.
        let asker: SubscriptionOwner?
        let status: SubscriptionStatus?
        let type: EventType?

        var readOnBehalfOf: TenantID? { asker?.readOnBehalfOf }

        var isFiltered: Bool {
            status != nil || type != nil || query.search != nil || asker?.hasScopeFilter == true
        }

        func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
            var call = ScriptCall(.webhooksListSubscriptions, keys: [shard.prefix])
            call.append(asker?.tag ?? [])
            call.append(owner?.bytes ?? [])
            place.append(to: &call, isDescending: query.isDescending)
            call.append(decimal: limit)
            return call
        }

        func row(
            _ reply: ScriptReply, at index: Int, in _: Shard, nowMs: Int64
        ) throws(ScriptFault) -> SubscriptionRecord? {
            guard let owner = SubscriptionOwner.parse(try reply.bytes(index + 2)),
                let stored = StoredSubscription(id: try reply.bytes(index + 1), row: try reply.bytes(index + 3))
            else { return nil }
            return SubscriptionRecord(
                owner: owner, stored: stored, facts: try SubscriptionFacts(reply, from: index + 4))
        }

        func unreadable(
            _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: SubscriptionRecord?
        ) throws(ScriptFault) -> UnreadableRow? {
            guard row == nil else { return nil }
            let (id, owner) = (try reply.bytes(index + 1), try reply.bytes(index + 2))
            let key =
                SubscriptionOwner.parse(owner).map { Keyspace.subscriptions($0, in: shard) }
                ?? Keyspace.subscriptionList(shard)
            return UnreadableRow(kind: .subscription, key: key + [UInt8(ascii: " ")] + id)
        }

        func key(of row: SubscriptionRecord) -> [UInt8] {
            switch query.sort {
            case .creation: ListPosition.key(row.createdMs)
            case .url: row.stored.terms.url
            case .tenantID: row.owner.bytes
            case .status: [UInt8](row.stored.status.word.description.utf8)
            case .failures: ListPosition.key(row.facts.failures)
            }
        }

        func counts(_ row: SubscriptionRecord) -> Bool {
            if let status, row.stored.status != status { return false }
            if let type, !row.stored.terms.selectors.selects(type) { return false }
            if let asker, !asker.mayTouch(row.stored.terms) { return false }
            return query.isFound(in: [row.id, row.stored.terms.url])
        }

        func write(_ rows: [SubscriptionRecord], to writer: inout JSONWriter) {
            writer.key("subscriptions")
            writer.beginArray()
            for row in rows { row.write(to: &writer) }
            writer.endArray()
        }
    }
}
