// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON

extension ModelStack {
    /// Creates the tenant and its ledgers through the admin plane; the tenant's first API key.
    func prepare(extensionsMax: Int) async throws -> String {
        try await administer(
            "/v1/admin/tenants",
            """
            {"tenant_id":"\(BudgetTree.tenant)","name":"Acme","max_reservation_extensions":\(extensionsMax)}
            """)
        for plot in BudgetTree.plots {
            try await administer(
                "/v1/admin/budgets",
                """
                {"tenant_id":"\(BudgetTree.tenant)","scope":"\(plot.scope)","unit":"\(BudgetTree.unit)",\
                "allocated":{"unit":"\(BudgetTree.unit)","amount":\(plot.allocated)},\
                "overdraft_limit":{"unit":"\(BudgetTree.unit)","amount":\(plot.overdraftLimit)}}
                """)
        }
        return try await makeKey()
    }

    /// Another API key of the tenant; what servers have cached about the tenant is out of date from then on.
    @discardableResult
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
    private func administer(_ target: String, _ body: String) async throws -> JSONDocument {
        for _ in 0..<100 {
            let response = await replicas[0].answer(
                WireRequest(
                    method: .post, target: target, headers: [.adminAPIKey: Self.adminKey], body: Array(body.utf8)))
            if response.status == .serviceUnavailable { continue }
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
