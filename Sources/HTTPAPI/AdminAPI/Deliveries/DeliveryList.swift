// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// Deliveries have one order: newest first.
enum DeliverySort: String, ListSort {
    case time = "attempted_at"

    static var creation: DeliverySort { .time }
}

/// The state of a delivery (admin digest 5.7), by its letter in the store.
enum DeliveryState: String, CaseIterable, Sendable {
    case pending = "PENDING"
    case success = "SUCCESS"
    case failed = "FAILED"
    case retrying = "RETRYING"

    init?(letter: [UInt8]) {
        switch letter {
        case [UInt8(ascii: "P")]: self = .pending
        case [UInt8(ascii: "S")]: self = .success
        case [UInt8(ascii: "F")]: self = .failed
        case [UInt8(ascii: "R")]: self = .retrying
        default: return nil
        }
    }
}

/// A row of a list of deliveries.
struct DeliveryRow: ListedRow {
    let id: [UInt8]
    /// When it was queued or, of dead letters, when it failed; lists go by it.
    let createdMs: Int64
    let subscription, owner, event, type: [UInt8]
    let state: DeliveryState
    let attempts: Int64
    private let status, tookMs, queuedMs, doneMs, nextMs: Int64?
    private let error, traceID, traceFlags: [UInt8]
    private let hasInboundTraceparent: Bool

    /// Reads the fields of `webhooks/deliveries` that begin at `index`; nil of a delivery that has ended or cannot be
    /// read.
    init?(_ reply: ScriptReply, at index: Int) throws(ScriptFault) {
        func number(_ field: Int) throws(ScriptFault) -> Int64? { parseDecimalInt64(try reply.bytes(index + field)) }
        guard let state = DeliveryState(letter: try reply.bytes(index + 6)) else { return nil }
        createdMs = try reply.int(index)
        id = try reply.bytes(index + 1)
        subscription = try reply.bytes(index + 2)
        owner = try reply.bytes(index + 3)
        event = try reply.bytes(index + 4)
        type = try reply.bytes(index + 5)
        self.state = state
        attempts = try number(7) ?? 0
        status = try number(8)
        tookMs = try number(9)
        error = try reply.bytes(index + 10)
        queuedMs = try number(11)
        doneMs = try number(12)
        nextMs = try number(13)
        traceID = try reply.bytes(index + 14)
        traceFlags = try reply.bytes(index + 15)
        hasInboundTraceparent = try reply.bytes(index + 16) == [UInt8(ascii: "1")]
    }

    /// Writes it as the protocol has it.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in [
            ("delivery_id", id), ("subscription_id", subscription), ("event_id", event), ("event_type", type),
        ] as [(StaticString, [UInt8])] {
            writer.key(name)
            writer.string(value)
        }
        writer.key("status")
        writer.string(state.rawValue)
        writer.dateTime("attempted_at", queuedMs ?? createdMs)
        if let doneMs, state == .success || state == .failed { writer.dateTime("completed_at", doneMs) }
        writer.key("attempts")
        writer.int(attempts)
        for (name, value) in [("response_status", status), ("response_time_ms", tookMs)] as [(StaticString, Int64?)] {
            guard let value else { continue }
            writer.key(name)
            writer.int(value)
        }
        if !error.isEmpty {
            writer.key("error_message")
            writer.string(error)
        }
        if let nextMs, state == .retrying { writer.dateTime("next_retry_at", nextMs) }
        if !traceID.isEmpty {
            writer.key("trace_id")
            writer.string(traceID)
            writer.key("trace_flags")
            writer.string(traceFlags)
            writer.key("traceparent_inbound_valid")
            writer.bool(hasInboundTraceparent)
        }
        writer.endObject()
    }
}

/// Deliveries of one subscription, or the dead letters of all (admin digest 1.6, 1.7).
struct DeliveryList: ShardList {
    static let fieldsPerRow = 17

    let query: ListQuery<DeliverySort>
    let shards: [Shard]
    /// Empty for dead letters.
    let subscription: [UInt8]
    var state: DeliveryState?
    var owner: [UInt8]?
    var fromMs, untilMs: Int64?
    var readOnBehalfOf: TenantID?

    var isFiltered: Bool { state != nil || owner != nil }

    func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
        var call = ScriptCall(.webhooksDeliveries, keys: [shard.prefix])
        call.append(subscription)
        if let begin = place.fromMs ?? untilMs { call.append(decimal: begin) } else { call.append("+inf") }
        if let fromMs { call.append(decimal: fromMs) } else { call.append("-inf") }
        call.append(decimal: place.offset)
        call.append(decimal: limit)
        return call
    }

    func row(_ reply: ScriptReply, at index: Int, in shard: Shard, nowMs: Int64) throws(ScriptFault) -> DeliveryRow? {
        try DeliveryRow(reply, at: index)
    }

    // What has ended leaves its place in the index for a while.
    func unreadable(
        _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: DeliveryRow?
    ) throws(ScriptFault) -> UnreadableRow? { nil }

    func key(of row: DeliveryRow) -> [UInt8] { ListPosition.key(row.createdMs) }

    func counts(_ row: DeliveryRow) -> Bool {
        (state.map { $0 == row.state } ?? true) && (owner.map { $0 == row.owner } ?? true)
    }

    func write(_ rows: [DeliveryRow], to writer: inout JSONWriter) {
        writer.key("deliveries")
        writer.beginArray()
        for row in rows { row.write(to: &writer) }
        writer.endArray()
    }
}
