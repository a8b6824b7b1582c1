// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import StrictJSON
import Testing

/// The admin key on the runtime plane (runtime digest 10.4), and tenants that are closed (10.3).
@Suite("The operator among reservations")
struct OperatorTests {
    private func stage(_ name: String) async throws -> (TestTenant, String) {
        let t = try await CyclesStack.shared().tenant(name)
        try await t.ledger(allocated: 1_000)
        let id = try #require(try await t.reserve(500, key: "first").text("reservation_id"))
        return (t, id)
    }

    @Test("16: the admin key reads any tenant's reservation, and learns nothing of others")
    func get() async throws {
        let (t, id) = try await stage("op-get")
        let own = try await t.get(id)
        let answer = try await t.sendAsOperator(.get, "/v1/reservations/\(id)")
        #expect(answer.status == 200 && answer.bytes == own.bytes)
        #expect(answer.headers[.cyclesTenant] == nil)
        let unknown = try await t.sendAsOperator(.get, "/v1/reservations/\(id.dropLast(4))AAAA")
        #expect(unknown.status == 404)
        #expect(try await t.sendAsOperator(.get, "/v1/reservations/nonsense").status == 404)
        // The tenant, its key, and the one look that found something.
        let entries = try await t.audit()
        #expect(entries.count == 3)
        #expect(entries.filter { $0.member("operation")?.isString("getReservation") == true }.count == 1)
    }

    @Test("17 18: the admin key releases on behalf of the tenant, once, and the audit log says so (admin 136)")
    func release() async throws {
        let (t, id) = try await stage("op-release")
        let body = #"{"idempotency_key":"op","reason":"[INCIDENT_FORCE_RELEASE] hung"}"#
        let path = "/v1/reservations/\(id)/release"
        let first = try await t.sendAsOperator(.post, path, body)
        #expect(first.status == 200 && first.amount("released") == 500)
        #expect(try await t.sendAsOperator(.post, path, body).bytes == first.bytes)
        #expect(try await t.balance() == [1_000, 0, 0, 0, 1_000, 0])
        let entries = try await t.audit().filter { $0.member("operation")?.isString("releaseReservation") == true }
        #expect(entries.count == 1)
        let entry = try #require(entries.first)
        #expect(entry.member("actor_type")?.isString("admin_on_behalf_of") == true)
        #expect(entry.member("resource_id")?.isString(id) == true)
        #expect(entry.member("request_id")?.isString(first.headers[.requestID] ?? "") == true)
        #expect(entry.member("metadata")?.member("reason")?.isString("[INCIDENT_FORCE_RELEASE] hung") == true)
        #expect(try await t.sendAsOperator(.post, path, #"{"idempotency_key":"op2"}"#).error == "RESERVATION_FINALIZED")
        #expect(try await t.sendAsOperator(.post, path, #"{"idempotency_key":"op","reason":"x"}"#).status == 409)
        #expect(try await t.audit().count == 3)
    }

    @Test("19: on every other route of the plane the admin key is no credential; a wrong one is 401 everywhere")
    func otherRoutes() async throws {
        let (t, id) = try await stage("op-other")
        let amount = #""actual":{"unit":"USD_MICROCENTS","amount":1}"#
        let routes: [(HTTPRequest.Method, String, String)] = [
            (.post, "/v1/reservations", t.body(1)), (.post, "/v1/decide", t.body(1)),
            (.post, "/v1/events", t.eventBody(1)),
            (.post, "/v1/reservations/\(id)/commit", #"{"idempotency_key":"c",\#(amount)}"#),
            (.post, "/v1/reservations/\(id)/extend", #"{"idempotency_key":"e","extend_by_ms":1}"#),
            (.get, "/v1/balances?tenant=\(t.id)", ""),
        ]
        for (method, path, body) in routes {
            #expect(try await t.sendAsOperator(method, path, body).status == 401, "\(path)")
        }
        let reads: [(HTTPRequest.Method, String, String)] = [
            (.get, "/v1/reservations/\(id)", ""), (.get, "/v1/reservations?tenant=\(t.id)", ""),
        ]
        for (method, path, body) in routes + reads {
            let answer = try await t.stack.send(
                method, path, [UInt8](body.utf8), headers: [.adminAPIKey: "wrong"])
            #expect(answer.status == 401, "\(path)")
        }
        // Both keys: the tenant's request.
        let other = try await CyclesStack.shared().tenant("op-both")
        let both = try await t.send(
            .get, "/v1/reservations/\(id)", headers: [.adminAPIKey: CyclesStack.operatorKey], key: other.key)
        #expect(both.status == 403)
        #expect(try await t.balance() == [1_000, 500, 0, 0, 500, 0])
    }

    @Test("197 199 200 201, 10.3: a closed tenant changes nothing any more, its replays and reads go on")
    func closedTenant() async throws {
        let (t, id) = try await stage("closed")
        let settled = try #require(try await t.reserve(10).text("reservation_id"))
        let commit = try await t.commit(settled, 7)
        try await t.setTag("C9")
        #expect(try await t.reserve(1).error == "TENANT_CLOSED")
        #expect(try await t.reserve(1).status == 409)
        let dryRun = try await t.reserve(1, more: #","dry_run":true"#)
        #expect(dryRun.text("decision") == "DENY" && dryRun.text("reason_code") == "TENANT_CLOSED")
        let decision = try await t.decide(1)
        #expect(decision.text("decision") == "DENY" && decision.text("reason_code") == "TENANT_CLOSED")
        let event = try await t.event(1)
        #expect(event.status == 409 && event.error == "TENANT_CLOSED")
        #expect(try await t.commit(id, 1).error == "TENANT_CLOSED")
        #expect(try await t.release(id).error == "TENANT_CLOSED")
        #expect(try await t.extend(id, by: 1_000).error == "TENANT_CLOSED")
        #expect(try await t.reserve(500, key: "first").text("reservation_id") == id)
        #expect(try await t.commit(settled, 7).bytes == commit.bytes)
        #expect(try await t.get(id).status == 200)
        #expect(try await t.balance() == [1_000, 500, 7, 0, 493, 0])
        let path = "/v1/reservations/\(id)/release"
        #expect(try await t.sendAsOperator(.post, path, #"{"idempotency_key":"op"}"#).error == "TENANT_CLOSED")
    }

    @Test("202: a status and epoch that cannot be is a fault, not a denial, and is mended without a restart")
    func corruptTag() async throws {
        let (t, id) = try await stage("corrupt-tag")
        for tag in ["", "A", "Z1", "A1x", "1"] {
            try await t.setTag(tag)
            let answers = [
                try await t.reserve(1), try await t.reserve(1, more: #","dry_run":true"#), try await t.decide(1),
                try await t.event(1), try await t.commit(id, 1), try await t.release(id),
                try await t.extend(id, by: 1),
            ]
            for answer in answers {
                #expect(answer.status == 500 && answer.error == "INTERNAL_ERROR", "\(tag)")
            }
        }
        try await t.setTag("A3")
        #expect(try await t.get(id).status == 200)
    }

    @Test("A long list is answered whole while the tenant's keys change under it")
    func longListUnderChange() async throws {
        let t = try await CyclesStack.shared().tenant("long-list")
        let items = (0..<1_000).map { #"{"requester":"w","resource":"r\#($0)"}"# }.joined(separator: ",")
        async let changes: Void = {
            for _ in 0..<20 { _ = try await t.newKey() }
        }()
        let answer = try await t.send(.post, "/api/v1/Reservation/reserve", "[\(items)]")
        try await changes
        #expect(answer.status == 200 && answer.root.count == 1_000)
        let statuses = Set(answer.root.elements.compactMap { $0.member("status")?.stringBytes() })
        #expect(statuses == [[UInt8]("ACQUIRED".utf8)])
    }

    @Test("Redis' clock decides when a key has ended, whatever the server's says")
    func keyExpiry() async throws {
        let t = try await CyclesStack.shared().tenant("clock")
        try await t.ledger(allocated: 10)
        let (past, future) = (try await t.newKey(lifetimeMs: -1), try await t.newKey(lifetimeMs: 60_000))
        #expect(try await t.send(.get, "/v1/balances?tenant=\(t.id)", key: past).status == 401)
        #expect(try await t.send(.get, "/v1/balances?tenant=\(t.id)", key: future).status == 200)
        // Servers whose clocks are a day off, either way.
        for offset_ms: Int64 in [-86_400_000, 86_400_000] {
            let pipeline = t.stack.pipeline(now_ms: { UTCTimestamp.now_ms() + offset_ms })
            for (key, status) in [(past, 401), (future, 200)] {
                let answer = try await t.stack.send(
                    .get, "/v1/balances?tenant=\(t.id)", [], headers: [.cyclesAPIKey: key], through: pipeline)
                #expect(answer.status == status, "\(offset_ms)")
            }
        }
    }
}
