// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import Observability
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `PATCH …/webhooks/{subscription_id}` on both planes (admin digest 5.2): terms, secrets, status.
///
/// The change is made from the subscription as it was read and written only if it still is that; otherwise it is made
/// anew. A request that changes nothing writes nothing.
struct UpdateSubscription: Sendable {
    let services: WebhookServices

    func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .patch, plane.path + "/{subscription_id}", surface: .admin,
            access: plane.access(.webhooksWrite)
        ) { input in
            planning {
                let patch = try SubscriptionPatch(input.request, isNew: false)
                return FoundSubscription.load(input, on: plane) { found in
                    start(Change(patch: patch, found: found, input: input, operation: name))
                }
            }
        }
    }

    /// One request: where the subscription is, and what to make of it.
    private struct Change: Sendable {
        let patch: SubscriptionPatch
        let found: FoundSubscription
        let input: Endpoint.Input
        let operation: StaticString

        var trail: SubscriptionTrail {
            SubscriptionTrail(owner: found.owner, id: found.record.id, request: input.request)
        }
    }

    /// A subscription after a change.
    private struct Result {
        var terms: SubscriptionTerms
        var status: SubscriptionStatus
        var sealed: [UInt8]
        var changed: [SubscriptionField]
    }

    private func start(_ change: Change) -> Step {
        if change.found.isTenantClosed { return .refuse(BudgetRefusals.tenantClosed) }
        if change.patch.writesSecrets, services.box == nil { return .refuse(WebhookRefusals.noKey) }
        let stored = change.found.record.stored
        // What is not allowed is refused before anybody's name is looked up for it.
        do throws(APIError) {
            _ = try result(change, of: stored)
        } catch {
            return .refuse(error)
        }
        guard let url = change.patch.url else { return write(change, over: stored, Limits.changeAttemptsMax) }
        return services.checked(url) { _ in write(change, over: stored, Limits.changeAttemptsMax) }
    }

    private func result(_ change: Change, of stored: StoredSubscription) throws(APIError) -> Result {
        var terms = stored.terms
        change.patch.apply(to: &terms)
        // Of what is stored, too: a change of the status alone must not put to use what may not be.
        try terms.checkInvariants(owner: change.found.owner.id)
        // Somebody else may have changed what it is about since it was found.
        guard change.found.owner.mayTouch(stored.terms) else { throw WebhookRefusals.notFound }
        guard change.found.owner.mayTouch(terms) else { throw WebhookRefusals.outOfScope }
        var result = Result(
            terms: terms, status: change.patch.status ?? stored.status, sealed: stored.sealed,
            changed: terms.changes(from: stored.terms))
        if change.patch.writesSecrets { try writeSecrets(change, of: stored, to: &result) }
        result.changed.sort { $0.place < $1.place }
        if !result.changed.isEmpty || result.status != stored.status { reseal(&result, stored) }
        return result
    }

    /// Seals what is written anyway under the key that counts now, so that old keys go out of use.
    private func reseal(_ result: inout Result, _ stored: StoredSubscription) {
        guard let box = services.box, !box.isCurrent(result.sealed),
            let secret = try? WebhookSecret(sealed: result.sealed, for: stored.id, in: box),
            let sealed = try? secret.sealed(for: stored.id, in: box)
        else { return }
        result.sealed = sealed
    }

    private func writeSecrets(
        _ change: Change, of stored: StoredSubscription, to result: inout Result
    ) throws(APIError) {
        guard let box = services.box else { throw WebhookRefusals.noKey }
        do throws(SecretBoxError) {
            var secret = try WebhookSecret(sealed: stored.sealed, for: stored.id, in: box)
            let count = result.changed.count
            if let fresh = change.patch.signingSecret, !secret.secret.matches(fresh.reveal()) {
                secret.rotate(to: fresh, atMs: change.input.nowMs)
                result.changed.append(.signingSecret)
            }
            if let headers = change.patch.headers, !Self.isSame(headers, secret.headers) {
                secret.headers = headers
                result.changed.append(.headers)
            }
            if result.changed.count > count { result.sealed = try secret.sealed(for: stored.id, in: box) }
        } catch {
            throw WebhookRefusals.unreadableSecret
        }
    }

    private static func isSame(_ one: [WebhookSecret.Header], _ other: [WebhookSecret.Header]) -> Bool {
        one.count == other.count
            && zip(one, other).allSatisfy { $0.name == $1.name && $0.value.reveal() == $1.value.reveal() }
    }

    private func write(_ change: Change, over stored: StoredSubscription, _ attemptsLeft: Int) -> Step {
        let result: Result
        do throws(APIError) {
            result = try self.result(change, of: stored)
        } catch {
            return .refuse(error)
        }
        return .call(Self.call(change, result, over: stored)) { reply throws(ScriptFault) in
            if reply.isWord("UPDATED") {
                return try Self.answer(reply, change, result, over: stored)
            }
            if reply.isWord("NOT_FOUND") { return .refuse(WebhookRefusals.notFound) }
            if reply.isWord("TOO_MANY") { return .refuse(WebhookRefusals.tooManyThresholds) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            guard reply.isWord("CHANGED") else { throw reply.malformed("word") }
            guard attemptsLeft > 1 else { return .refuse(AdminRefusals.contended) }
            guard let fresh = StoredSubscription(id: stored.id, row: try reply.bytes(0)) else {
                throw reply.malformed("row")
            }
            return write(change, over: fresh, attemptsLeft - 1)
        }
    }

    private static func call(_ change: Change, _ result: Result, over stored: StoredSubscription) -> ScriptCall {
        let trail = change.trail
        // What changes nothing is sent as it is stored: the script sees that, and leaves no trace.
        let document =
            result.changed.isEmpty && result.sealed == stored.sealed
            ? stored.content
            : StoredSubscription.content(sealed: result.sealed, result.terms)
        var call = ScriptCall(.webhooksUpdateSubscription, keys: trail.owner.keys, reservingBytes: 8_192)
        call.append(trail.owner.tag)
        call.append(stored.id)
        call.append(stored.row)
        call.append([result.status.rawValue])
        call.append(document)
        call.append(change.patch.status == .active && stored.status != .active ? "1" : "0")
        call.append(SubscriptionAsks(result.terms, status: result.status).json)
        call.append(trail.auditEntry(change.operation, .ok, result.terms, result.status, changed: result.changed))
        call.append(
            trail.context("webhook_update:", suffix: [UInt8(ascii: ":")] + change.input.request.correlation.requestID))
        call.append(event(from: stored.status, to: result.status))
        call.append(trail.eventData(from: stored.status, to: result.status, changed: result.changed))
        return call
    }

    /// The one event of a change (admin digest 5.2).
    private static func event(from old: SubscriptionStatus, to new: SubscriptionStatus) -> String {
        if old == .active, new == .paused { return "webhook.paused" }
        return old != .active && new == .active ? "webhook.resumed" : "webhook.updated"
    }

    private static func answer(
        _ reply: ScriptReply, _ change: Change, _ result: Result, over stored: StoredSubscription
    ) throws(ScriptFault) -> Step {
        let row = StoredSubscription.row(
            result.status, createdMs: stored.createdMs, updatedMs: try reply.int(0), sealed: result.sealed,
            result.changed.isEmpty ? stored.terms : result.terms)
        guard let written = StoredSubscription(id: stored.id, row: row) else { throw reply.malformed("row") }
        let record = SubscriptionRecord(
            owner: change.found.owner.id, stored: written, facts: try SubscriptionFacts(reply, from: 1))
        return .respond(.json(record.body))
    }
}

extension SubscriptionField {
    /// Where it stands among the fields that changed.
    fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
