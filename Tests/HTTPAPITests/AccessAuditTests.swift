// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON
import Synchronization
import Testing

@Suite("What no operation writes down itself", .serialized)
struct AccessAuditTests {
    private func rows(_ stack: AdminStack, _ query: String) async throws -> [JSONValue] {
        let answer = try await stack.send("/v1/admin/audit/logs?limit=100&\(query)", method: .get, as: .admin)
        try #require(answer.status == .ok, "\(answer.body)")
        return answer.root.member("logs").map { Array($0.elements) } ?? []
    }

    private let reserve = """
        {"idempotency_key":"k","subject":{"tenant":"acme"},"action":{"kind":"a","name":"b"},
         "estimate":{"unit":"TOKENS","amount":1}}
        """

    @Test("What the operator is refused is in the log with its outcome; refused reads are not")
    func refusals() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let refused = try await stack.send(
                "/v1/admin/tenants", #"{"tenant_id":"acme","name":"Other"}"#, as: .admin)
            #expect(refused.status == .conflict)
            #expect(try await stack.send("/v1/admin/tenants/none", method: .get, as: .admin).status == .notFound)
            let found = try await rows(stack, "tenant_id=__admin__")
            #expect(found.count == 1)
            let entry = try #require(found.first)
            #expect(entry.member("operation")?.isString("createTenant") == true)
            #expect(entry.member("status")?.int64() == 409)
            #expect(entry.member("error_code")?.isString("DUPLICATE_RESOURCE") == true)
            #expect(entry.member("request_id")?.stringBytes() == refused.text("request_id").map { [UInt8]($0.utf8) })
            for query in ["status=409", "error_code=DUPLICATE_RESOURCE", "status_min=400"] {
                #expect(try await rows(stack, query).count == 1, "\(query)")
            }
            #expect(try await rows(stack, "error_code_exclude=DUPLICATE_RESOURCE&operation=createTenant").count == 1)
        }
    }

    @Test("Failed logins with an operator's key are in the log, at most ten a second; the others are counted")
    func logins() async throws {
        let clock = Atomic<Int64>(1_700_000_000_000)
        try await AdminStack.run(clock: { clock.load(ordering: .relaxed) }) { stack in
            let wrong = AdminStack.Credentials(admin: "wrong", tenant: nil)
            for _ in 0..<40 {
                #expect(try await stack.send("/v1/admin/tenants", method: .get, as: wrong).status == .unauthorized)
            }
            #expect(try await rows(stack, "tenant_id=__unauth__").count == 10)
            clock.add(1_000, ordering: .relaxed)
            _ = try await stack.send("/v1/admin/tenants", method: .get, as: wrong)
            let all = try await rows(stack, "tenant_id=__unauth__&status=401&error_code=UNAUTHORIZED")
            let suppressed = all.compactMap { $0.member("metadata")?.member("suppressed")?.int64() }.reduce(0, +)
            #expect(all.count == 11 && suppressed == 30)
            #expect(all.allSatisfy { $0.member("operation")?.isString("listTenants") == true })
            // Who has no operator's key at all is nobody in particular.
            _ = try await stack.send("/v1/admin/tenants", method: .get, as: .none)
            #expect(try await rows(stack, "tenant_id=__unauth__").count == 11)
        }
    }

    @Test("A flood of made-up keys hides no failed login of a tenant's key, and each of them is told or counted")
    func failedKeys() async throws {
        let clock = Atomic<Int64>(1_700_000_000_000)
        try await AdminStack.run(clock: { clock.load(ordering: .relaxed) }) { stack in
            try await stack.makeTenant("acme")
            let made = try await stack.makeKey("acme")
            let (id, secret) = (try #require(made.text("key_id")), try #require(made.text("key_secret")))
            #expect(try await stack.send("/v1/admin/api-keys/\(id)", method: .delete, as: .admin).status == .ok)
            func fail(_ key: String) async throws {
                #expect(try await stack.send("/v1/balances", method: .get, as: .key(key)).status == .unauthorized)
            }
            /// The reasons that a log tells of, and how many logins that are.
            func told(_ tenant: String) async throws -> (reasons: [String], all: Int64) {
                let answer = try await stack.send(
                    "/v1/admin/events?limit=100&event_type=api_key.auth_failed&tenant_id=\(tenant)", method: .get,
                    as: .admin)
                let events = try #require(answer.root.member("events")?.elements)
                let reasons = events.map { event in
                    event.member("data")?.member("failure_reason")?.stringBytes().map {
                        String(decoding: $0, as: UTF8.self)
                    } ?? ""
                }
                return (
                    reasons,
                    events.reduce(0) { $0 + 1 + ($1.member("metadata")?.member("suppressed")?.int64() ?? 0) }
                )
            }
            for number in 0..<30 { try await fail("cyc_live_made_up_\(number)") }
            try await fail(secret)
            try await ReservationAPIStack.eventually { try await told("acme").reasons == ["key_revoked"] }
            // No other login fails: what was counted is told all the same.
            try await ReservationAPIStack.eventually { try await told("__system__").all == 30 }
            let system = try await told("__system__")
            #expect(Set(system.reasons) == ["key_not_found"] && system.reasons.count == 11)
            // The next flood is told by its next one.
            clock.add(5_000, ordering: .relaxed)
            for _ in 0..<15 { try await fail("cyc_live_made_up") }
            clock.add(1_000, ordering: .relaxed)
            try await fail("cyc_live_made_up")
            try await ReservationAPIStack.eventually { try await told("__system__").all == 46 }
        }
    }

    @Test("What the operator reads of a tenant is in the tenant's log")
    func reads() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 10)
            let key = try #require(try await stack.makeKey("acme").text("key_secret"))
            let made = try await stack.send("/v1/reservations", reserve, as: .key(key))
            let id = try #require(made.text("reservation_id"))
            for target in ["/v1/reservations/\(id)", "/v1/reservations?tenant=acme"] {
                #expect(try await stack.send(target, method: .get, as: .admin).status == .ok)
                #expect(try await stack.send(target, method: .get, as: .key(key)).status == .ok)
            }
            let got = try await rows(stack, "tenant_id=acme&operation=getReservation")
            #expect(got.count == 1)
            #expect(got.first?.member("resource_id")?.isString(id) == true)
            #expect(got.first?.member("metadata")?.member("actor_type")?.isString("admin_on_behalf_of") == true)
            #expect(try await rows(stack, "tenant_id=acme&operation=listReservations").count == 1)
        }
    }

    @Test("9, 30: a refusal is not made of what is cached: a grant counts at once, and a revoked key gets its 401")
    func cachedRefusals() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 10)
            let made = try await stack.makeKey("acme", #","permissions":["balances:read"]"#)
            let key = AdminStack.Credentials.key(try #require(made.text("key_secret")))
            let id = try #require(made.text("key_id"))
            let balances = "/v1/balances?tenant=acme"
            #expect(try await stack.send(balances, method: .get, as: key).status == .ok)
            for _ in 0..<2 {
                #expect(try await stack.send("/v1/reservations", reserve, as: key).status == .forbidden)
            }
            let more = #"{"permissions":["balances:read","reservations:create"],"scope_filter":["agent:a"]}"#
            let path = "/v1/admin/api-keys/\(id)"
            #expect(try await stack.send(path, more, method: .patch, as: .admin).status == .ok)
            #expect(try await stack.send("/v1/reservations", reserve, as: key).message.contains("scope"))
            #expect(try await stack.send(path, #"{"scope_filter":[]}"#, method: .patch, as: .admin).status == .ok)
            #expect(try await stack.send("/v1/reservations", reserve, as: key).status == .ok)
            #expect(try await stack.send(path, method: .delete, as: .admin).status == .ok)
            for (method, target, body) in [
                (.get, "/v1/admin/budgets", ""), (.get, "/v1/balances", ""), (.post, "/v1/reservations", "{"),
                (.get, "/v1/balances?tenant=other", ""), (.post, "/v1/decide", "{}"),
                (.get, "/v1/reservations?limit=0", ""),
            ] as [(HTTPRequest.Method, String, String)] {
                let answer = try await stack.send(target, body, method: method, as: key)
                #expect(answer.status == .unauthorized, "\(method) \(target): \(answer.body)")
            }
        }
    }

    @Test("58: a tenant that changes all the time is served meanwhile")
    func changing() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            let key = AdminStack.Credentials.key(try #require(try await stack.makeKey("acme").text("key_secret")))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<100 {
                        let body = #"{"metadata":{"n":"\#(number)"}}"#
                        let answer = try await stack.send("/v1/admin/tenants/acme", body, method: .patch, as: .admin)
                        #expect(answer.status == .ok)
                    }
                }
                group.addTask {
                    for number in 0..<200 {
                        let body = reserve.replacing("\"k\"", with: "\"k\(number)\"")
                        let answer = try await stack.send("/v1/reservations", body, as: key)
                        #expect(answer.status == .ok, "\(answer.body)")
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
