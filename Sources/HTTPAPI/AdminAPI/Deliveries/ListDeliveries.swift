// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel
internal import Webhooks

/// `GET …/webhooks/{subscription_id}/deliveries` on both planes, and the dead letters of all (admin digest 1.6, 1.7).
enum ListDeliveries {
    static func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .get, plane.path + "/{subscription_id}/deliveries", surface: .admin,
            access: plane.access(.webhooksRead)
        ) { input in planning { try plan(input, plane) } }
    }

    /// `GET /v1/admin/x-holdfast/dead-letters`: deliveries that failed for good, of all subscriptions.
    static let deadLetters = Endpoint(
        "listDeadLetters", .get, "/v1/admin/x-holdfast/dead-letters", surface: .admin, access: .admin,
        plan: { input in planning { try planDeadLetters(input) } })

    private static func plan(_ input: Endpoint.Input, _ plane: WebhookPlane) throws -> Step {
        let request = input.request
        let state = try request.queryChoice("status", DeliveryState.self)
        let (from, until) = (try request.queryDateTime("from"), try request.queryDateTime("to"))
        let id = request.parameters.first ?? []
        let filters = [id, state.map { [UInt8]($0.rawValue.utf8) }] + [from, until].map(text)
        let query = try ListQuery<DeliverySort>(input, "deliveries", filters: filters, isPlain: true)
        return FoundSubscription.load(input, on: plane) { found in
            DeliveryList(
                query: query, shards: [input.installation.keyspace.shard(of: found.owner.id)],
                subscription: found.record.id, state: state, fromMs: from, untilMs: until,
                readOnBehalfOf: found.owner.readOnBehalfOf
            ).step
        }
    }

    private static func planDeadLetters(_ input: Endpoint.Input) throws -> Step {
        let text = try input.request.queryValue("tenant_id")
        let query = try ListQuery<DeliverySort>(input, "dead-letters", filters: [text], isPlain: true)
        let keyspace = input.installation.keyspace
        let owner = text.flatMap(SubscriptionOwner.parse)
        let shards = text == nil ? keyspace.shards : owner.map { [keyspace.shard(of: $0)] } ?? []
        return DeliveryList(query: query, shards: shards, subscription: [], owner: owner?.bytes).step
    }

    private static func text(_ number: Int64?) -> [UInt8]? { number.map { [UInt8](String($0).utf8) } }
}
