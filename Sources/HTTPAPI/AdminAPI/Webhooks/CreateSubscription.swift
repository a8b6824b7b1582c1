// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import Observability
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `POST /v1/admin/webhooks` and `POST /v1/webhooks` (admin digest 1.6, 1.7): a new subscription; its signing secret is
/// in this one answer and nowhere else.
struct CreateSubscription: Sendable {
    let services: WebhookServices

    func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .post, plane.path, surface: .admin,
            access: plane == .admin ? .admin : .tenant(.webhooksWrite)
        ) { input in
            planning { try plan(input, on: plane, name) }
        }
    }

    /// A subscription on its way.
    private struct New: Sendable {
        let trail: SubscriptionTrail
        let terms: SubscriptionTerms
        let secret: WebhookSecret
        let sealed: [UInt8]
        let operation: StaticString
    }

    private func plan(_ input: Endpoint.Input, on plane: WebhookPlane, _ operation: StaticString) throws -> Step {
        let patch = try SubscriptionPatch(input.request, isNew: true)
        let owner = try owner(input, on: plane)
        let terms = patch.fresh
        try terms.checkInvariants(owner: owner.id)
        guard owner.mayTouch(terms) else { throw WebhookRefusals.outOfScope }
        guard let box = services.box else { return .refuse(WebhookRefusals.noKey) }
        let id = ShardedID.make("whsub_", in: input.installation.keyspace.shard(of: owner.id))
        let secret = WebhookSecret(
            secret: patch.signingSecret ?? WebhookSecret.generate(), headers: patch.headers ?? [])
        let new = New(
            trail: SubscriptionTrail(owner: owner, id: id, request: input.request), terms: terms, secret: secret,
            sealed: try secret.sealed(for: id, in: box), operation: operation)
        return owner.confirm {
            services.checked(terms.url) { _ in
                .call(Self.call(new)) { reply throws(ScriptFault) in try Self.answer(reply, new) }
            }
        }
    }

    private func owner(_ input: Endpoint.Input, on plane: WebhookPlane) throws -> SubscriptionOwner {
        if let principal = input.caller.principal { return SubscriptionOwner(principal, input, on: plane) }
        guard let text = try input.request.queryValue("tenant_id") else {
            return SubscriptionOwner(operatorFor: .system, input, on: plane)
        }
        guard let owner = SubscriptionOwner.parse(text) else { throw AdminRefusals.noTenant }
        return SubscriptionOwner(operatorFor: owner, input, on: plane)
    }

    private static func call(_ new: New) -> ScriptCall {
        let trail = new.trail
        var call = ScriptCall(.webhooksCreateSubscription, keys: trail.owner.keys, reservingBytes: 4_096)
        call.append(trail.owner.tag)
        call.append(trail.id)
        call.append(StoredSubscription.content(sealed: new.sealed, new.terms))
        call.append(SubscriptionAsks(new.terms, status: .active).json)
        call.append(decimal: Limits.subscriptionsMax)
        call.append(trail.auditEntry(new.operation, .created, new.terms, .active))
        call.append(trail.context("webhook_create:"))
        call.append(trail.eventData(from: nil, to: .active, changed: []))
        return call
    }

    private static func answer(_ reply: ScriptReply, _ new: New) throws(ScriptFault) -> Step {
        if reply.isWord("FULL") { return .refuse(WebhookRefusals.full) }
        if reply.isWord("TOO_MANY") { return .refuse(WebhookRefusals.tooManyThresholds) }
        if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
        if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
        guard reply.isWord("CREATED") else { throw reply.malformed("word") }
        let created = try reply.int(0)
        let row = StoredSubscription.row(
            .active, createdMs: created, updatedMs: created, sealed: new.sealed, new.terms)
        guard let stored = StoredSubscription(id: new.trail.id, row: row) else { throw reply.malformed("row") }
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("subscription")
        SubscriptionRecord(owner: new.trail.owner.id, stored: stored, facts: SubscriptionFacts()).write(to: &writer)
        writer.key("signing_secret")
        writer.string(new.secret.secret.reveal())
        writer.endObject()
        // The answer holds a secret: nobody on its way may keep it.
        return .respond(.json(writer.finish(), status: .created, headers: [.cacheControl: "no-store"]))
    }
}
