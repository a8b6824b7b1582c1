// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Requests of the admin plane")
struct AdminAPIRequestTests {
    private func refusal(_ target: String, _ body: String, as caller: Caller = .admin) throws -> APIError {
        try AdminCall.refusal(try AdminCall.plan(target, body, as: caller))
    }

    /// Members of a tenant, then what is wrong: the text that the refusal begins with.
    @Test(
        "A tenant's body is strict, and the refusal begins with the field",
        arguments: [
            (#""tenant_id":"acme""#, "name: is required"), (#""name":"A""#, "tenant_id: is required"),
            (#""tenant_id":"Ab","name":"A""#, "tenant_id:"), (#""tenant_id":"a_b","name":"A""#, "tenant_id:"),
            (#""tenant_id":"ab","name":"A""#, "tenant_id:"), (#""tenant_id":"acmé","name":"A""#, "tenant_id:"),
            (#""tenant_id":7,"name":"A""#, "tenant_id:"), (#""tenant_id":null,"name":"A""#, "tenant_id:"),
            (#""tenant_id":"\#(String(repeating: "a", count: 65))","name":"A""#, "tenant_id:"),
            (#""tenant_id":"acme","name":"""#, "name:"), (#""tenant_id":"acme","name":["A"]"#, "name:"),
            (#""tenant_id":"acme","name":"\#(String(repeating: "n", count: 257))""#, "name:"),
            (#""tenant_id":"acme","name":"A","colour":"red""#, "colour: is not a known field"),
            (#""tenant_id":"acme","name":"A","Name":"B""#, "Name:"),
            (#""tenant_id":"acme","name":"A","parent_tenant_id":"acme""#, "parent_tenant_id:"),
            (#""tenant_id":"acme","name":"A","parent_tenant_id":"A B""#, "parent_tenant_id:"),
            (#""tenant_id":"acme","name":"A","parent_tenant_id":null"#, "parent_tenant_id:"),
            (#""tenant_id":"acme","name":"A","default_reservation_ttl_ms":999"#, "default_reservation_ttl_ms:"),
            (#""tenant_id":"acme","name":"A","default_reservation_ttl_ms":86400001"#, "default_reservation_ttl_ms:"),
            (#""tenant_id":"acme","name":"A","max_reservation_ttl_ms":999"#, "max_reservation_ttl_ms:"),
            (#""tenant_id":"acme","name":"A","max_reservation_ttl_ms":5e3"#, "max_reservation_ttl_ms:"),
            (#""tenant_id":"acme","name":"A","max_reservation_ttl_ms":5000.0"#, "max_reservation_ttl_ms:"),
            (#""tenant_id":"acme","name":"A","max_reservation_ttl_ms":"5000""#, "max_reservation_ttl_ms:"),
            (#""tenant_id":"acme","name":"A","max_reservation_extensions":-1"#, "max_reservation_extensions:"),
            (
                #""tenant_id":"acme","name":"A","reservation_expiry_policy":"auto_release""#,
                "reservation_expiry_policy:"
            ),
            (#""tenant_id":"acme","name":"A","default_commit_overage_policy":"YES""#, "default_commit_overage_policy:"),
            (#""tenant_id":"acme","name":"A","metadata":[]"#, "metadata:"),
            (#""tenant_id":"acme","name":"A","metadata":{"a":1}"#, "metadata.a:"),
            (#""tenant_id":"acme","name":"A","metadata":{"a":null}"#, "metadata.a:"),
        ])
    func tenantBody(members: String, message: String) throws {
        let refusal = try refusal("/v1/admin/tenants", "{\(members)}")
        #expect(refusal.status == .badRequest)
        #expect(refusal.code == "INVALID_REQUEST")
        #expect(refusal.message.hasPrefix(message), "\(refusal.message)")
    }

    @Test(
        "A body that is no strict JSON is refused",
        arguments: ["", "{", "[]", "7", #"{"name":"A","name":"B"}"#, "{}x"])
    func syntax(body: String) throws {
        for target in ["/v1/admin/tenants", "/v1/admin/api-keys", "/v1/admin/budgets"] {
            #expect(try refusal(target, body).status == .badRequest)
        }
    }

    @Test("Tenant metadata has at most 32 entries and a bounded size")
    func tenantMetadata() throws {
        func body(entries: Int, length: Int) -> String {
            let members = (0..<entries).map { #""k\#($0)":"\#(String(repeating: "v", count: length))""# }
            return #"{"tenant_id":"acme","name":"A","metadata":{\#(members.joined(separator: ","))}}"#
        }
        _ = try AdminCall.call(try AdminCall.plan("/v1/admin/tenants", body(entries: 32, length: 256), as: .admin))
        for (entries, length) in [(33, 1), (1, 16_384)] {
            let refusal = try refusal("/v1/admin/tenants", body(entries: entries, length: length))
            #expect(refusal.message.hasPrefix("metadata: must"))
        }
    }

    @Test(
        "An API key's body is strict",
        arguments: [
            (#""tenant_id":"acme""#, "name: is required"), (#""name":"A""#, "tenant_id: is required"),
            (#""tenant_id":"acme","name":"""#, "name:"),
            (#""tenant_id":"acme","name":"A","description":null"#, "description:"),
            (#""tenant_id":"acme","name":"A","permissions":"all""#, "permissions:"),
            (#""tenant_id":"acme","name":"A","permissions":[1]"#, "permissions[0]:"),
            (
                #""tenant_id":"acme","name":"A","permissions":["balances:read","cats:read"]"#,
                "permissions[1]: unknown permission cats:read"
            ),
            (#""tenant_id":"acme","name":"A","permissions":["webhoo\u212As:read"]"#, "permissions[0]:"),
            (#""tenant_id":"acme","name":"A","scope_filter":"workspace:eng""#, "scope_filter:"),
            (#""tenant_id":"acme","name":"A","scope_filter":["*"]"#, "scope_filter[0]:"),
            (#""tenant_id":"acme","name":"A","scope_filter":["workspace:"]"#, "scope_filter[0]:"),
            (#""tenant_id":"acme","name":"A","scope_filter":["workspace:a*"]"#, "scope_filter[0]:"),
            (#""tenant_id":"acme","name":"A","scope_filter":["team:a"]"#, "scope_filter[0]:"),
            (#""tenant_id":"acme","name":"A","expires_at":"tomorrow""#, "expires_at:"),
            (#""tenant_id":"acme","name":"A","expires_at":1778673660250"#, "expires_at:"),
            (#""tenant_id":"acme","name":"A","expires_at":null"#, "expires_at:"),
            (
                #""tenant_id":"acme","name":"A","expires_at":"1969-01-01T00:00:00Z""#,
                "expires_at: must be in the future"
            ),
            (#""tenant_id":"acme","name":"A","metadata":"x""#, "metadata:"),
            (#""tenant_id":"acme","name":"A","key_secret":"mine""#, "key_secret: is not a known field"),
        ])
    func keyBody(members: String, message: String) throws {
        let refusal = try refusal("/v1/admin/api-keys", "{\(members)}")
        #expect(refusal.status == .badRequest)
        #expect(refusal.code == "INVALID_REQUEST")
        #expect(refusal.message.hasPrefix(message), "\(refusal.message)")
    }

    @Test("A tenant id that cannot be one's is a tenant that is not there")
    func impossibleTenant() throws {
        for target in ["/v1/admin/api-keys", "/v1/admin/budgets"] {
            let rest =
                target == "/v1/admin/budgets"
                ? #""scope":"tenant:No","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":1}"# : #""name":"A""#
            let refusal = try refusal(target, #"{"tenant_id":"No such",\#(rest)}"#)
            #expect(refusal.status == .notFound)
            #expect(refusal.code == "TENANT_NOT_FOUND")
        }
    }

    /// Members of a ledger beyond scope, unit and allocated; status and beginning of the message.
    @Test(
        "A budget's body is strict",
        arguments: [
            (#""overdraft_limit":null"#, "overdraft_limit:"), (#""overdraft_limit":5"#, "overdraft_limit:"),
            (#""overdraft_limit":{"unit":"TOKENS","amount":-1}"#, "overdraft_limit.amount:"),
            (#""overdraft_limit":{"unit":"TOKENS","amount":1,"x":1}"#, "overdraft_limit.x:"),
            (#""commit_overage_policy":"allow""#, "commit_overage_policy:"),
            (#""rollover_policy":"ALL""#, "rollover_policy:"), (#""period_end":null"#, "period_end:"),
            (#""period_start":"2026-02-30T00:00:00Z""#, "period_start:"),
            (
                #""period_start":"2026-02-01T00:00:00Z","period_end":"2026-02-01T01:00:00+01:00""#,
                "period_end: must be after"
            ),
            (#""metadata":[1]"#, "metadata:"), (#""status":"ACTIVE""#, "status: is not a known field"),
            (#""ledger_id":"x""#, "ledger_id: is not a known field"),
        ])
    func budgetBody(members: String, message: String) throws {
        let refusal = try refusal(
            "/v1/admin/budgets",
            """
            {"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS",
             "allocated":{"unit":"TOKENS","amount":1},\(members)}
            """)
        #expect(refusal.status == .badRequest)
        #expect(refusal.code == "INVALID_REQUEST")
        #expect(refusal.message.hasPrefix(message), "\(refusal.message)")
    }

    @Test(
        "An amount is an integer of 0 to 2^63-1, written as one",
        arguments: [
            ("0", true), ("9223372036854775807", true), ("9223372036854775808", false), ("-1", false), ("-0", false),
            ("1e3", false), ("1.0", false), ("01", false), (#""5""#, false), ("null", false), ("true", false),
            ("18446744073709551617", false),
        ])
    func amounts(amount: String, isTaken: Bool) throws {
        let create = try AdminCall.plan(
            "/v1/admin/budgets",
            """
            {"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":\(amount)}}
            """, as: .admin)
        let fund = try AdminCall.plan(
            "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme",
            #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":\#(amount)}}"#, as: .admin)
        guard isTaken else {
            #expect(try AdminCall.refusal(create).code == "INVALID_REQUEST")
            #expect(try AdminCall.refusal(fund).code == "INVALID_REQUEST")
            return
        }
        #expect(try AdminCall.words(create)[5] == amount)
        #expect(try AdminCall.words(fund)[5] == amount)
    }

    @Test(
        "34: A scope that is none is refused, without folding of case",
        arguments: [
            "", "workspace:eng", "tenant:acme/", "/tenant:acme", "tenant:acme//agent:a", "tenant:acme/tenant:acme",
            "tenant:acme/agent:a/app:b", "tenant:acme/team:a", "tenant:acme/agent:*", "tenant:acme/*", "*", "tenant:",
            "Tenant:acme", "tenant:acme/agent:a b", "tenant:acme/agent:\(String(repeating: "a", count: 129))",
            "tenant:acme/agent:_a", "tenant:acme/agent:a-", "tenant:acme/agent:.", "tenant:acme/agent:a./toolset:t",
        ])
    func scopes(scope: String) throws {
        for caller in [Caller.admin, .tenant(try AdminCall.principal())] {
            let id = caller.principal == nil ? #""tenant_id":"acme","# : ""
            let refusal = try refusal(
                "/v1/admin/budgets",
                #"{\#(id)"scope":"\#(scope)","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":1}}"#, as: caller)
            #expect(refusal.status == .badRequest)
            #expect(refusal.message.hasPrefix("scope: "), "\(refusal.message)")
        }
    }

    @Test("An id to be written begins and ends with a letter or digit; a reservation's subject may have any")
    func ids() throws {
        for (id, isTaken) in [
            ("a", true), ("A.b_c-9", true), ("0", true), ("a--b", true), ("-a", false), ("a_", false), ("..", false),
        ] {
            let budget = try AdminCall.plan(
                "/v1/admin/budgets",
                """
                {"tenant_id":"acme","scope":"tenant:acme/agent:\(id)","unit":"TOKENS",
                 "allocated":{"unit":"TOKENS","amount":1}}
                """, as: .admin)
            let policies = try ["/agent:\(id)", "/agent:\(id)/*", "/agent:\(id)/toolset:*"].map { rest in
                try AdminCall.plan(
                    "/v1/admin/policies", #"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme\#(rest)"}"#,
                    as: .admin)
            }
            for (step, field) in [(budget, "scope")] + policies.map({ ($0, "scope_pattern") }) {
                if isTaken {
                    _ = try AdminCall.call(step)
                } else {
                    #expect(try AdminCall.refusal(step).message.hasPrefix("\(field): has an id that does not begin"))
                }
            }
            // What is there already, however it came there, can still be named.
            _ = try AdminCall.call(
                try AdminCall.plan(
                    "/v1/admin/budgets/freeze?scope=tenant:acme/agent:\(id)&unit=TOKENS", "", as: .admin))
        }
    }

    @Test("Scopes keep their case; a tenant's key names the tenant, the admin key must")
    func routing() throws {
        let ledger = #""scope":"tenant:acme/workspace:Eng","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":5}"#
        let tenant = Caller.tenant(try AdminCall.principal())
        let own = try AdminCall.words(try AdminCall.plan("/v1/admin/budgets", "{\(ledger)}", as: tenant))
        #expect(own[2...5] == ["A7", "tenant:acme/workspace:Eng", "T", "5"])
        let byAdmin = try AdminCall.plan("/v1/admin/budgets", #"{"tenant_id":"acme",\#(ledger)}"#, as: .admin)
        let words = try AdminCall.words(byAdmin)
        #expect(words[2...5] == ["", "tenant:acme/workspace:Eng", "T", "5"])
        #expect(words[0...1] == own[0...1])

        let missing = try refusal("/v1/admin/budgets", "{\(ledger)}")
        #expect(missing.message.hasPrefix("tenant_id: is required"))
        let present = try refusal("/v1/admin/budgets", #"{"tenant_id":"acme",\#(ledger)}"#, as: tenant)
        #expect(present.status == .badRequest)
        #expect(present.message.hasPrefix("tenant_id:"))
        let other = try refusal("/v1/admin/budgets", #"{"tenant_id":"other",\#(ledger)}"#)
        #expect(other.status == .badRequest)
        #expect(other.message.hasPrefix("scope:"))
    }

    @Test("A tenant's key may not name another tenant's scope, nor one outside its scope filter")
    func foreignScopes() throws {
        let narrow = Caller.tenant(try AdminCall.principal(scopeFilter: ["workspace:eng", "agent:*"]))
        for (scope, isAllowed) in [
            ("tenant:other", false), ("tenant:acme", false), ("tenant:acme/workspace:ops", false),
            ("tenant:acme/workspace:eng", true), ("tenant:acme/workspace:eng/app:x", true),
            ("tenant:acme/agent:a1", true), ("tenant:acme2/workspace:eng", false),
        ] {
            let create = try AdminCall.plan(
                "/v1/admin/budgets",
                #"{"scope":"\#(scope)","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":1}}"#, as: narrow)
            let fund = try AdminCall.plan(
                "/v1/admin/budgets/fund?unit=TOKENS&scope=\(scope)",
                #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":1}}"#, as: narrow)
            for step in [create, fund] {
                guard !isAllowed else {
                    _ = try AdminCall.call(step)
                    continue
                }
                #expect(try AdminCall.refusal(step).status == .forbidden)
                #expect(try AdminCall.refusal(step).code == "FORBIDDEN")
            }
        }
    }

    @Test("Units must agree")
    func units() throws {
        let body = #""scope":"tenant:acme","tenant_id":"acme","unit":"TOKENS""#
        for (members, field) in [
            (#""allocated":{"unit":"CREDITS","amount":1}"#, "allocated.unit:"),
            (
                #""allocated":{"unit":"TOKENS","amount":1},"overdraft_limit":{"unit":"RISK_POINTS","amount":1}"#,
                "overdraft_limit.unit:"
            ),
        ] {
            let refusal = try refusal("/v1/admin/budgets", "{\(body),\(members)}")
            #expect(refusal.status == .badRequest)
            #expect(refusal.code == "UNIT_MISMATCH")
            #expect(refusal.message.hasPrefix(field))
        }
        let fund = try refusal(
            "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme",
            #"{"operation":"CREDIT","amount":{"unit":"CREDITS","amount":1}}"#)
        #expect(fund.code == "UNIT_MISMATCH")
        #expect(fund.message.hasPrefix("amount.unit:"))
    }
}
