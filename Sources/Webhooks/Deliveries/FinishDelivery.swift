// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel
internal import StrictJSON

/// Says what came of an attempt.
package struct FinishDelivery: Sendable {
    package let delivery: ClaimedDelivery
    package let result: AttemptResult
    package let verdict: DeliveryVerdict

    /// The end of an attempt.
    package init(_ delivery: ClaimedDelivery, _ result: AttemptResult, _ verdict: DeliveryVerdict) {
        self.delivery = delivery
        self.result = result
        self.verdict = verdict
    }

    /// What came of it.
    package enum Outcome: Sendable {
        case finished(disabledSubscription: Bool)
        /// Another process has the delivery by now.
        case lost
    }

    private static let failureType = [UInt8]("system.webhook_delivery_failed".utf8)

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(.webhooksFinish, keys: [delivery.shard.prefix], reservingBytes: 1_536)
        call.append(delivery.lane)
        call.append(delivery.id)
        call.append(delivery.token)
        var delay: Int64 = 0
        switch verdict {
        case .delivered: call.append("S")
        case .retry(let delayMs):
            call.append("R")
            delay = delayMs
        case .failed: call.append("F")
        case .gone: call.append("G")
        }
        call.append(decimal: delay)
        call.append(decimal: result.status)
        call.append(decimal: result.tookMs)
        call.append(result.error ?? "")
        call.append(delivery.subscription?.terms.isStrictlyOrdered ?? false ? "1" : "0")
        call.append(decimal: delivery.subscription?.terms.disableAfterFailures ?? 10)
        // The failure to deliver this event must not make another of its kind: it would never end.
        call.append(delivery.type == Self.failureType ? [] : failure)
        call.append(disabling)
        call.append(context)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("LOST") { return .lost }
        guard reply.isWord("FINISHED") else { throw reply.malformed("word") }
        return .finished(disabledSubscription: try reply.int(0) == 1)
    }

    private var failure: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("component")
        writer.string("webhook_dispatcher")
        writer.key("message")
        writer.string("a delivery has failed for good: \(result.error ?? "no reason")")
        writer.key("severity")
        writer.string("warning")
        writer.key("details")
        writer.beginObject()
        for (name, value) in [
            ("delivery_id", delivery.id), ("subscription_id", delivery.subscriptionID),
            ("event_id", delivery.eventID), ("event_type", delivery.type), ("tenant_id", delivery.owner),
        ] as [(StaticString, [UInt8])] {
            writer.key(name)
            writer.string(value)
        }
        writer.key("attempts")
        writer.int(delivery.attempts + 1)
        writer.key("response_status")
        writer.int(result.status)
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    private var disabling: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("subscription_id")
        writer.string(delivery.subscriptionID)
        writer.key("tenant_id")
        writer.string(delivery.owner)
        writer.key("previous_status")
        writer.string("ACTIVE")
        writer.key("new_status")
        writer.string("DISABLED")
        writer.key("changed_fields")
        writer.beginArray()
        writer.string("status")
        writer.endArray()
        writer.key("disable_reason")
        writer.string(verdict == .gone ? "endpoint_gone" : "consecutive_failures_exceeded_threshold")
        writer.endObject()
        return writer.finish()
    }

    /// Without its last brace: the script may add to it.
    private var context: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("source")
        writer.string("cycles-events")
        writer.key("actor")
        writer.beginObject()
        writer.key("type")
        writer.string("system")
        writer.endObject()
        for (name, value) in [
            ("request_id", delivery.requestID), ("trace_id", delivery.traceID),
        ] as [(StaticString, [UInt8])] where !value.isEmpty {
            writer.key(name)
            writer.string(value)
        }
        if !delivery.traceFlags.isEmpty {
            writer.key("trace_flags")
            writer.string(delivery.traceFlags)
            writer.key("traceparent_inbound_valid")
            writer.bool(delivery.hasInboundTraceparent)
        }
        writer.endObject()
        return writer.finish().dropLast()
    }
}
