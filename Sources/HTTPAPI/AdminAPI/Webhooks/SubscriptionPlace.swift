// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import Webhooks

/// Whose subscriptions a request is about, and in whose name.
struct SubscriptionOwner: Sendable {
    /// The tenant, or `.system`.
    let id: TenantID
    /// KEYS of the scripts.
    let keys: [[UInt8]]
    /// The cached tag of a tenant's key; empty for the admin key, which nothing makes stale.
    let tag: [UInt8]
    let actor: AdminActor
    let plane: WebhookPlane
    /// The tenant to put a read of the operator's down to, where it is in a tenant's place.
    let readOnBehalfOf: TenantID?
    /// The tenant's key that asks; nil for the operator.
    private let principal: Principal?

    /// A tenant with its own key.
    init(_ principal: Principal, _ input: Endpoint.Input, on plane: WebhookPlane) {
        id = principal.tenant
        keys = principal.keys
        tag = principal.tag
        actor = plane.actor(input.caller)
        self.plane = plane
        readOnBehalfOf = nil
        self.principal = principal
    }

    /// The operator, with the things of this owner.
    init(operatorFor owner: TenantID, _ input: Endpoint.Input, on plane: WebhookPlane) {
        id = owner
        keys = input.installation.keyspace.keys(of: owner)
        tag = []
        actor = plane.actor(input.caller)
        self.plane = plane
        readOnBehalfOf = plane == .tenant ? owner : nil
        principal = nil
    }

    /// Whether the key that asks is kept to some scopes.
    var hasScopeFilter: Bool { principal?.scopeFilter.isEmpty == false }

    /// Whether everything that a subscription with these terms may be sent is within the scope filter of the key that
    /// asks. What is not is to that key as if it were another tenant's.
    func mayTouch(_ terms: SubscriptionTerms) -> Bool {
        guard let principal, !principal.scopeFilter.isEmpty else { return true }
        // Every scope of the tenant's events begins so, and events without one are about it.
        if principal.mayTouch([UInt8]("tenant:".utf8) + id.bytes) { return true }
        let filter = terms.selectors.scopeFilter ?? []
        return filter.last == UInt8(ascii: "*")
            ? principal.mayTouch(everythingThatBeginsWith: filter.dropLast()) : principal.mayTouch(filter)
    }

    /// The owner that a text names.
    static func parse(_ text: [UInt8]) -> TenantID? { text == TenantID.system.bytes ? .system : TenantID(text) }

    /// Makes sure that what is cached of a tenant's key still holds, before anything is done in its name that asks no
    /// script about it.
    func confirm(next: @escaping @Sendable () -> Step) -> Step {
        if tag.isEmpty { return next() }
        var call = ScriptCall(.adminConfirmTag, keys: keys)
        call.append(tag)
        return .call(call) { _ throws(ScriptFault) in next() }
    }
}

/// The subscription that a path names, as it is stored.
struct FoundSubscription: Sendable {
    let owner: SubscriptionOwner
    let record: SubscriptionRecord
    let isTenantClosed: Bool

    /// Loads it: the shard that the id names knows the owner, the owner has the row. 404 when there is none, when it is
    /// another tenant's, and when it is beyond the scope filter of the key.
    static func load(
        _ input: Endpoint.Input, on plane: WebhookPlane, next: @escaping @Sendable (FoundSubscription) -> Step
    ) -> Step {
        let keyspace = input.installation.keyspace
        let id = input.request.parameters.first ?? []
        guard let shard = ShardedID.shard(of: id, "whsub_", keyspace) else { return .refuse(WebhookRefusals.notFound) }
        if let principal = input.caller.principal {
            guard shard == principal.shard else { return .refuse(WebhookRefusals.notFound) }
            return load(id, of: SubscriptionOwner(principal, input, on: plane), next: next)
        }
        var call = ScriptCall(.adminOwner, keys: [shard.prefix])
        call.append(id)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(WebhookRefusals.notFound) }
            guard reply.isWord("OWNER"), let owner = SubscriptionOwner.parse(try reply.bytes(0)) else {
                throw reply.malformed("owner")
            }
            return load(id, of: SubscriptionOwner(operatorFor: owner, input, on: plane), next: next)
        }
    }

    private static func load(
        _ id: [UInt8], of owner: SubscriptionOwner, next: @escaping @Sendable (FoundSubscription) -> Step
    ) -> Step {
        var call = ScriptCall(.webhooksGetSubscription, keys: owner.keys)
        call.append(owner.tag)
        call.append(id)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(WebhookRefusals.notFound) }
            guard reply.isWord("SUBSCRIPTION"), let stored = StoredSubscription(id: id, row: try reply.bytes(1)) else {
                throw reply.malformed("subscription")
            }
            let record = SubscriptionRecord(
                owner: owner.id, stored: stored, facts: try SubscriptionFacts(reply, from: 2))
            guard owner.mayTouch(stored.terms) else { return .refuse(WebhookRefusals.notFound) }
            let isClosed = try reply.bytes(0).first == TenantStatus.closed.rawValue
            return next(FoundSubscription(owner: owner, record: record, isTenantClosed: isClosed))
        }
    }
}

/// Refusals in the protocol's words (admin digest 0.4, 5).
enum WebhookRefusals {
    static let notFound = APIError(
        .notFound, "WEBHOOK_NOT_FOUND", "subscription_id: there is no such webhook subscription")

    /// 403 for a subscription that would be sent more than the scope filter of the key covers.
    static let outOfScope = APIError(
        .forbidden, "FORBIDDEN", "scope_filter: must be within what the API key's scope filter covers")

    static let full = APIError(
        .badRequest, "LIMIT_EXCEEDED", "an owner may have \(Limits.subscriptionsMax) webhook subscriptions")

    static let tooManyThresholds = APIError(
        .badRequest, "LIMIT_EXCEEDED",
        "thresholds: all subscriptions of an owner together may name 64 budget utilizations and 16 burn rates")

    /// 503 without the means to keep a secret.
    static let noKey = APIError(
        .serviceUnavailable, "INTERNAL_ERROR",
        "HOLDFAST_SECRET_KEY is not set: the server cannot keep signing secrets and header values",
        headers: [.retryAfter: "60"])

    /// 503 for secrets that were sealed under a key which is gone.
    static let unreadableSecret = APIError(
        .serviceUnavailable, "INTERNAL_ERROR",
        "HOLDFAST_SECRET_KEY lacks the key that this subscription's secrets were encrypted with",
        headers: [.retryAfter: "60"])

    static func badURL(_ sentence: String) -> APIError {
        APIError(.badRequest, "WEBHOOK_URL_INVALID", "url: \(sentence)")
    }
}
