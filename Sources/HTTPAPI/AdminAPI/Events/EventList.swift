// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// The sort keys of the event log.
enum EventSort: String, ListSort {
    case timestamp
    case type = "event_type"
    case category, scope
    case tenant = "tenant_id"

    static var creation: EventSort { .timestamp }
}

/// A row of the event log.
struct EventRow: ListedRow {
    let id: [UInt8]
    /// The sequence number, µs since 1970: lists go by it.
    let createdMs: Int64
    /// Nil when it is not wanted, has ended, or cannot be read.
    let event: StoredEvent?
    /// Whether something else is stored than scripts write.
    let isUnreadable: Bool

    /// Reads the fields that begin at `index`: sequence number, type, owner, body; all but the first are empty when the
    /// store passed over it.
    init(_ reply: ScriptReply, at index: Int, in shard: Shard) throws(ScriptFault) {
        let place = EventID(shard: shard, sequence: try reply.int(index))
        let body = try reply.bytes(index + 3)
        id = place.text
        createdMs = place.sequence
        event = body.isEmpty ? nil : StoredEvent(id: place, body: body)
        isUnreadable = !body.isEmpty && event == nil
    }
}

/// The event log as a list over shards: that of one tenant, or of everybody.
struct EventList: ShardList {
    static let fieldsPerRow = 4

    let query: ListQuery<EventSort>
    let shards: [Shard]
    /// Nil for everybody's.
    private let tenant: TenantID?
    private let filter: EventFilter

    /// The list that a query asks for.
    init(_ filter: EventFilter, query: ListQuery<EventSort>, _ keyspace: Keyspace) {
        self.query = query
        self.filter = filter
        switch filter.log {
        case _ where filter.types?.isEmpty == true: (shards, tenant) = ([], nil)
        case .nobody: (shards, tenant) = ([], nil)
        case .everybody: (shards, tenant) = (keyspace.shards, nil)
        // What is no tenant's is in whatever shard it was written in.
        case .one(.system): (shards, tenant) = (keyspace.shards, .system)
        case .one(let name): (shards, tenant) = ([keyspace.shard(of: name)], name)
        }
    }

    /// Filters are compared with every row: most rows may be left out.
    var isFiltered: Bool { true }

    func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
        let log = tenant.map { Keyspace.tenant($0, in: shard) }
        var call = ScriptCall(.eventsPage, keys: [shard.prefix, log ?? shard.prefix])
        call.append(filter.principal?.tag ?? [])
        call.append(log == nil ? "shard" : "tenant")
        call.append(query.isDescending ? "desc" : "asc")
        let (first, last) = query.isDescending ? (filter.untilUs, filter.fromUs) : (filter.fromUs, filter.untilUs)
        let begin = place.fromMs ?? first
        if let begin { call.append(decimal: begin) } else { call.append(query.isDescending ? "+inf" : "-inf") }
        if let last { call.append(decimal: last) } else { call.append(query.isDescending ? "-inf" : "+inf") }
        call.append(decimal: place.offset)
        call.append(decimal: limit)
        for type in filter.types ?? [] { call.append(type) }
        return call
    }

    func row(_ reply: ScriptReply, at index: Int, in shard: Shard, nowMs: Int64) throws(ScriptFault) -> EventRow? {
        try EventRow(reply, at: index, in: shard)
    }

    func unreadable(
        _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: EventRow?
    ) throws(ScriptFault) -> UnreadableRow? {
        guard let row, row.isUnreadable else { return nil }
        return UnreadableRow(kind: .event, key: Keyspace.event(shard, sequence: row.createdMs))
    }

    func key(of row: EventRow) -> [UInt8] {
        switch query.sort {
        case .timestamp: ListPosition.key(row.createdMs)
        case .type: row.event?.type.text ?? []
        case .category: [UInt8]((row.event?.type.category.rawValue ?? "").utf8)
        case .scope: row.event?.scope ?? []
        case .tenant: row.event?.tenant.bytes ?? []
        }
    }

    func counts(_ row: EventRow) -> Bool {
        guard let event = row.event else { return false }
        return filter.wants(event) && query.isFound(in: [event.correlationID ?? [], event.scope ?? []])
    }

    func write(_ rows: [EventRow], to writer: inout JSONWriter) {
        writer.key("events")
        writer.beginArray()
        for row in rows { row.event?.write(to: &writer) }
        writer.endArray()
    }
}
