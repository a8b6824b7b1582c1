// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

/// A row of a list of reservations.
struct ListedReservation: Hashable {
    let id: String
    let status: String
    let scopePath: String
    /// `tenant` of the subject; empty when it was not sent.
    let tenant: String
    let reserved: Int64
    let createdMs: Int64
    let expiresMs: Int64
    let finalizedMs: Int64?
    let committed: Int64?
    /// The names of its members.
    let members: Set<String>

    init(_ value: JSONValue) {
        func text(_ value: JSONValue?) -> String {
            value?.stringBytes().map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        id = text(value.member("reservation_id"))
        status = text(value.member("status"))
        scopePath = text(value.member("scope_path"))
        tenant = text(value.member("subject")?.member("tenant"))
        reserved = value.member("reserved")?.member("amount")?.int64() ?? -1
        createdMs = value.member("created_at_ms")?.int64() ?? -1
        expiresMs = value.member("expires_at_ms")?.int64() ?? -1
        finalizedMs = value.member("finalized_at_ms")?.int64()
        committed = value.member("committed")?.member("amount")?.int64()
        members = Set(value.members.compactMap { $0.key.stringBytes().map { String(decoding: $0, as: UTF8.self) } })
    }
}

/// A time as queries take it.
func instant(_ ms: Int64) -> String { String(decoding: DateTime.text(ms), as: UTF8.self) }

extension APIAnswer {
    /// The rows of a list of reservations.
    var rows: [ListedReservation] { root.member("reservations")?.elements.map(ListedReservation.init) ?? [] }
}

extension TestTenant {
    func decide(
        _ amount: Int64, key: String? = nil, subject: String? = nil, unit: String = "USD_MICROCENTS", more: String = ""
    ) async throws -> APIAnswer {
        try await send(.post, "/v1/decide", body(amount, key: key, subject: subject, unit: unit, more: more))
    }

    func event(
        _ amount: Int64, key: String? = nil, subject: String? = nil, unit: String = "USD_MICROCENTS", more: String = ""
    ) async throws -> APIAnswer {
        try await send(.post, "/v1/events", eventBody(amount, key: key, subject: subject, unit: unit, more: more))
    }

    /// The body of an event.
    func eventBody(
        _ amount: Int64, key: String? = nil, subject: String? = nil, unit: String = "USD_MICROCENTS", more: String = ""
    ) -> String {
        body(amount, key: key, subject: subject, unit: unit, more: more)
            .replacing(#""estimate":"#, with: #""actual":"#)
    }

    /// A page of the tenant's reservations; `query` is what stands behind the question mark.
    func list(_ query: String = "", key: String? = nil) async throws -> APIAnswer {
        try await send(.get, "/v1/reservations" + (query.isEmpty ? "" : "?" + query), key: key)
    }

    /// All rows of a query, page by page.
    func walk(_ query: String, limit: Int) async throws -> [ListedReservation] {
        var rows: [ListedReservation] = []
        var cursor = ""
        repeat {
            let answer = try await list(query + "&limit=\(limit)" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
            try #require(answer.status == 200, "\(query): \(answer.message)")
            #expect(answer.rows.count <= limit)
            rows += answer.rows
            cursor = answer.text("next_cursor") ?? ""
            #expect(answer.root.member("has_more")?.bool() == !cursor.isEmpty)
            try #require(rows.count < 10_000, "\(query) does not end")
        } while !cursor.isEmpty
        return rows
    }

    /// The reservation that this answer is about.
    func made(_ amount: Int64, key: String? = nil, subject: String? = nil, more: String = "") async throws -> String {
        try #require(try await reserve(amount, key: key, subject: subject, more: more).text("reservation_id"))
    }

    /// A policy for the tenant's own scope, made by the operator; `terms` are members with a comma before them.
    func setPolicy(_ terms: String) async throws {
        let name = "p-\(UInt32.random(in: 0...UInt32.max))"
        let answer = try await sendAsOperator(
            .post, "/v1/admin/policies",
            #"{"tenant_id":"\#(id)","name":"\#(name)","scope_pattern":"\#(scope)"\#(terms)}"#)
        try #require(answer.status == 201, "\(answer.message)")
    }

    /// Makes a reservation look as if its expiry had been at `expiresMs`, in its record, its row and the due index.
    func setTimes(_ id: String, expiresMs: Int64) async throws {
        try await setExpiry(id, to: expiresMs)
        let parsed = try #require(BudgetReservationID([UInt8](id.utf8)))
        let record =
            try await stack.redis(
                [UInt8]("GET".utf8), Keyspace.budgetRecord(parsed.shard, hash: parsed.hash)
            ).bytes ?? []
        let number = try #require(Int64(String(decoding: record[35..<45], as: UTF8.self)))
        let bytes = (0..<6).map { UInt8(truncatingIfNeeded: expiresMs >> (40 - 8 * Int64($0))) }
        try await stack.redis(
            [UInt8]("SETRANGE".utf8), stack.installation.keyspace.rowChunk(self.id, number: number),
            [UInt8](String(number % 1_000 * 64 + 7).utf8), bytes)
    }
}
