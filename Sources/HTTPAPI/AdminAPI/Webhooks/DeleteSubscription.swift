// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import Webhooks

/// `DELETE …/webhooks/{subscription_id}` on both planes (admin digest 1.6, 1.7): what waits is not sent any more.
enum DeleteSubscription {
    static func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .delete, plane.path + "/{subscription_id}", surface: .admin,
            access: plane.access(.webhooksWrite)
        ) { input in
            FoundSubscription.load(input, on: plane) { found in
                if found.isTenantClosed { return .refuse(BudgetRefusals.tenantClosed) }
                let trail = SubscriptionTrail(owner: found.owner, id: found.record.id, request: input.request)
                return delete(found.record.stored, trail, name, attemptsLeft: Limits.changeAttemptsMax)
            }
        }
    }

    private static func delete(
        _ stored: StoredSubscription, _ trail: SubscriptionTrail, _ operation: StaticString, attemptsLeft: Int
    ) -> Step {
        var call = ScriptCall(.webhooksDeleteSubscription, keys: trail.owner.keys, reservingBytes: 4_096)
        call.append(trail.owner.tag)
        call.append(stored.id)
        call.append(stored.row)
        call.append(trail.auditEntry(operation, .noContent, stored.terms, stored.status))
        call.append(trail.context("webhook_delete:"))
        call.append(trail.eventData(from: stored.status, to: nil, changed: []))
        call.append(trail.request.correlation.requestID)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("DELETED") {
                return .respond(APIResponse(status: .noContent, headers: [:], body: [], contentType: ""))
            }
            if reply.isWord("NOT_FOUND") { return .refuse(WebhookRefusals.notFound) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            guard reply.isWord("CHANGED") else { throw reply.malformed("word") }
            guard attemptsLeft > 1 else { return .refuse(AdminRefusals.contended) }
            guard let fresh = StoredSubscription(id: stored.id, row: try reply.bytes(0)) else {
                throw reply.malformed("row")
            }
            guard trail.owner.mayTouch(fresh.terms) else { return .refuse(WebhookRefusals.notFound) }
            return delete(fresh, trail, operation, attemptsLeft: attemptsLeft - 1)
        }
    }
}
