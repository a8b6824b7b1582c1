// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import Observability
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `POST …/webhooks/{subscription_id}/test` on both planes (admin digest 5.9): one event, sent at once, whatever the
/// subscription's status, and its count of failures stays as it is. It is among the deliveries from then on.
struct TestSubscription: Sendable {
    let services: WebhookServices

    private static let eventType = [UInt8]("system.webhook_test".utf8)

    func endpoint(on plane: WebhookPlane, _ name: StaticString) -> Endpoint {
        Endpoint(
            name.description, .post, plane.path + "/{subscription_id}/test", surface: .admin,
            access: plane.access(.webhooksWrite)
        ) { input in
            FoundSubscription.load(input, on: plane) { test($0, input) }
        }
    }

    private func test(_ found: FoundSubscription, _ input: Endpoint.Input) -> Step {
        if found.isTenantClosed { return .refuse(BudgetRefusals.tenantClosed) }
        guard let box = services.box else { return .refuse(WebhookRefusals.noKey) }
        let stored = found.record.stored
        let secret: WebhookSecret
        do throws(SecretBoxError) {
            secret = try WebhookSecret(sealed: stored.sealed, for: stored.id, in: box)
        } catch {
            return .refuse(WebhookRefusals.unreadableSecret)
        }
        return services.checked(stored.terms.url) { security in
            let id = [UInt8]("evt_test_".utf8) + hexText(RandomBytes.make(6))
            let request = ProbeRequest(
                url: stored.terms.url, secret: secret, atMs: input.nowMs, eventID: id, eventType: Self.eventType,
                body: Self.event(id, found, input), input.request.correlation, security: security)
            return .wait {
                let result = await services.probe(request)
                var response = APIResponse.json(Self.body(result, id))
                response.readOnBehalfOf = found.owner.readOnBehalfOf
                let answer = Step.respond(response)
                // The event is sent: whether it can be written down changes nothing of how it went.
                return .call(Self.record(result, id, found, input), otherwise: { _ in answer }) {
                    _ throws(ScriptFault) in answer
                }
            }
        }
    }

    private static func record(
        _ result: ProbeResult, _ event: [UInt8], _ found: FoundSubscription, _ input: Endpoint.Input
    ) -> ScriptCall {
        let correlation = input.request.correlation
        let shard = input.installation.keyspace.shard(of: found.owner.id)
        var call = ScriptCall(.webhooksRecordProbe, keys: found.owner.keys, reservingBytes: 1_024)
        call.append(DeliveryID(of: event, to: found.record.id, in: shard).text)
        call.append(found.record.id)
        call.append(event)
        call.append(eventType)
        call.append(correlation.traceID)
        call.append(correlation.traceFlags)
        call.append(correlation.hasInboundTraceparent ? "1" : "0")
        call.append(correlation.requestID)
        call.append(result.isSuccess ? "S" : "F")
        call.append(decimal: Int64(result.status ?? 0))
        call.append(decimal: max(0, result.tookMs))
        call.append(result.isSuccess ? "" : result.problem ?? "")
        return call
    }

    /// The event (admin digest 4.1). It is in no log.
    private static func event(_ id: [UInt8], _ found: FoundSubscription, _ input: Endpoint.Input) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("event_id")
        writer.string(id)
        writer.key("event_type")
        writer.string(eventType)
        writer.key("category")
        writer.string("system")
        writer.dateTime("timestamp", input.nowMs)
        writer.key("tenant_id")
        writer.string(found.owner.id.bytes)
        writer.key("source")
        writer.string("cycles-admin")
        writer.key("actor")
        writer.actor(found.owner.actor)
        writer.key("data")
        writer.beginObject()
        writer.key("subscription_id")
        writer.string(found.record.id)
        writer.key("test")
        writer.bool(true)
        writer.endObject()
        writer.key("request_id")
        writer.string(input.request.correlation.requestID)
        writer.key("trace_id")
        writer.string(input.request.correlation.traceID)
        writer.endObject()
        return writer.finish()
    }

    private static func body(_ result: ProbeResult, _ id: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("success")
        writer.bool(result.isSuccess)
        if let status = result.status {
            writer.key("response_status")
            writer.int(Int64(status))
        }
        writer.key("response_time_ms")
        writer.int(max(0, result.tookMs))
        if let problem = result.problem, !problem.isEmpty {
            writer.key("error_message")
            writer.string(problem)
        }
        writer.key("event_id")
        writer.string(id)
        writer.endObject()
        return writer.finish()
    }
}
