// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON

extension ModelStack {
    /// Creates the tenant, its ledgers and its policies through the admin plane; the tenant's first API key and the
    /// policies' ids.
    func prepare(extensionsMax: Int) async throws -> BudgetWire.Credentials {
        try await administer(
            "/v1/admin/tenants",
            """
            {"tenant_id":"\(BudgetTree.tenant)","name":"Acme","max_reservation_extensions":\(extensionsMax),\
            "default_reservation_ttl_ms":\(BudgetTree.defaultTTLMs)}
            """)
        for plot in BudgetTree.plots {
            try await administer(
                "/v1/admin/budgets",
                """
                {"tenant_id":"\(BudgetTree.tenant)","scope":"\(plot.scope)","unit":"\(BudgetTree.unit)",\
                "allocated":{"unit":"\(BudgetTree.unit)","amount":\(plot.allocated)},\
                "overdraft_limit":{"unit":"\(BudgetTree.unit)","amount":\(plot.overdraftLimit)}\
                \(plot.policy.map { ",\"commit_overage_policy\":\"\($0.rawValue)\"" } ?? "")}
                """)
        }
        var credentials = BudgetWire.Credentials(apiKey: try await makeKey())
        for (index, policy) in BudgetTree.policies.enumerated() {
            let document = try await administer(
                "/v1/admin/policies",
                """
                {"tenant_id":"\(BudgetTree.tenant)","name":"policy \(index)","scope_pattern":"\(policy.pattern)"}
                """)
            credentials.policyIDs.append(try document.root.text("policy_id"))
        }
        return credentials
    }

    /// Changes the tenant: what servers have cached about it is out of date from then on.
    func changeTenant(_ number: Int) async throws {
        try await administer(
            "/v1/admin/tenants/\(BudgetTree.tenant)", #"{"metadata":{"change":"\#(number)"}}"#, method: .patch)
    }

    /// Another API key of the tenant.
    func makeKey() async throws -> String {
        let body = #"{"tenant_id":"\#(BudgetTree.tenant)","name":"model"}"#
        let document = try await administer("/v1/admin/api-keys", body)
        guard let secret = document.root.member("key_secret")?.stringBytes() else {
            throw StackFault(description: "an API key without its secret")
        }
        return String(decoding: secret, as: UTF8.self)
    }

    /// One request to the admin plane, again while the outcome is open; an error unless it succeeds. A key whose
    /// creation is in doubt is given up for another: it harms nobody.
    @discardableResult
    private func administer(
        _ target: String, _ body: String, method: HTTPRequest.Method = .post
    ) async throws -> JSONDocument {
        for _ in 0..<100 {
            let response = await replicas[0].answer(
                WireRequest(
                    method: method, target: target, headers: [.adminAPIKey: Self.adminKey], body: Array(body.utf8)))
            guard let response, response.status != .serviceUnavailable else { continue }
            let text = String(decoding: response.body, as: UTF8.self)
            guard (200...201).contains(response.status.code) else {
                throw StackFault(description: "\(target): \(response.status): \(text)")
            }
            return try JSONDocument.parse(response.body)
        }
        throw StackFault(description: "\(target): no definite answer")
    }

    /// Sends a command of our own.
    @discardableResult
    func command(_ words: String...) async throws -> RedisReply {
        try await side.send(RedisCommand(words.map { Array($0.utf8) }))
    }

    /// The text of a string key.
    func text(_ key: [UInt8]) async throws -> String? {
        try await side.send(RedisCommand([Array("GET".utf8), key])).text
    }

    /// The tenant all of this is about.
    var tenant: TenantID {
        get throws {
            guard let tenant = TenantID(BudgetTree.tenant) else { throw StackFault(description: "no tenant id") }
            return tenant
        }
    }
}
