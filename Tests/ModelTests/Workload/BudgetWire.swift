// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON

/// Budget requests as HTTP has them, and answers read back.
enum BudgetWire {
    /// The request on the wire. The key also goes into the header when `sendsHeader`.
    static func request(
        _ request: BudgetRequest, apiKey: String, sendsHeader: Bool
    ) -> ModelStack.WireRequest {
        let (target, body) = form(request)
        var wire = ModelStack.WireRequest(
            method: body == nil ? .get : .post, target: target, headers: [.cyclesAPIKey: apiKey])
        if let body {
            wire.body = Array(body.utf8)
            if sendsHeader, let key = key(request) { wire.headers[.idempotencyKey] = key }
        }
        return wire
    }

    private static func form(_ request: BudgetRequest) -> (target: String, body: String?) {
        let unit = BudgetTree.unit
        return switch request {
        case .reserve(let estimate, let key):
            (
                "/v1/reservations",
                """
                {"idempotency_key":"\(key)","subject":\(estimate.subject.json),\
                "action":{"kind":"llm.completion","name":"model"},\
                "estimate":{"unit":"\(unit)","amount":\(estimate.amount)},"ttl_ms":\(estimate.ttlMs),\
                "grace_period_ms":\(estimate.graceMs)\
                \(estimate.policy.map { ",\"overage_policy\":\"\($0.rawValue)\"" } ?? "")}
                """
            )
        case .commit(let id, let actual, let key):
            (
                "/v1/reservations/\(id)/commit",
                #"{"idempotency_key":"\#(key)","actual":{"unit":"\#(unit)","amount":\#(actual)}}"#
            )
        case .release(let id, let reason, let key):
            ("/v1/reservations/\(id)/release", #"{"idempotency_key":"\#(key)","reason":"\#(reason)"}"#)
        case .extend(let id, let byMs, let key):
            ("/v1/reservations/\(id)/extend", #"{"idempotency_key":"\#(key)","extend_by_ms":\#(byMs)}"#)
        case .look(let id): ("/v1/reservations/\(id)", nil)
        case .balances: ("/v1/balances?tenant=\(BudgetTree.tenant)", nil)
        case .fund(let ledger, let amount, let key):
            (
                "/v1/admin/budgets/fund?scope=\(BudgetTree.plots[ledger].scope)&unit=\(unit)",
                """
                {"operation":"CREDIT","amount":{"unit":"\(unit)","amount":\(amount)},"idempotency_key":"\(key)"}
                """
            )
        }
    }

    private static func key(_ request: BudgetRequest) -> String? {
        switch request {
        case .reserve(_, let key), .commit(_, _, let key), .release(_, _, let key), .extend(_, _, let key),
            .fund(_, _, let key):
            key
        case .look, .balances: nil
        }
    }

    /// What a response says.
    static func answer(to request: BudgetRequest, _ response: APIResponse) -> BudgetAnswer {
        let text = String(decoding: response.body, as: UTF8.self)
        do {
            let root = try JSONDocument.parse(response.body).root
            let status = response.status.code
            guard status == 200 else {
                return BudgetAnswer(try refusal(status, root, response), stableText: text)
            }
            return BudgetAnswer(
                try outcome(of: request, root), remainingMs: root.member("remaining_ttl_ms")?.int64(),
                stableText: stable(root))
        } catch {
            return BudgetAnswer(.strange("\(response.status.code) \(text): \(error)"))
        }
    }

    /// The members of a body without the one that may change, as they were sent.
    private static func stable(_ root: JSONValue) -> String {
        let members = root.members.filter { !$0.key.isString("remaining_ttl_ms") }.map {
            String(decoding: $0.key.raw, as: UTF8.self) + ":" + String(decoding: $0.value.raw, as: UTF8.self)
        }
        return members.joined(separator: ",")
    }

    private static func refusal(
        _ status: Int, _ root: JSONValue, _ response: APIResponse
    ) throws -> BudgetOutcome {
        let code = try root.text("error")
        let message = try root.text("message")
        if status == 503 {
            guard response.headers[.retryAfter] != nil else { throw BadAnswer(what: "503 without Retry-After") }
            // docs/operations.md: it says so when the operation may have happened.
            return .unknown(claimsNoEffect: !message.contains("the outcome is unknown"))
        }
        guard (400...499).contains(status) else { throw BadAnswer(what: "status") }
        let namesScope = ["BUDGET_EXCEEDED", "OVERDRAFT_LIMIT_EXCEEDED", "DEBT_OUTSTANDING"].contains(code)
        let scope = namesScope ? message.split(separator: " ").last.map(String.init) : nil
        return .refused(status: status, code: code, scope: scope)
    }

    private static func outcome(of request: BudgetRequest, _ root: JSONValue) throws -> BudgetOutcome {
        switch request {
        case .reserve: try .reserved(reserved(root))
        case .commit:
            try .committed(
                charged: root.amount("charged"),
                released: root.member("released") == nil ? nil : root.amount("released"), rows: rows(root))
        case .release: try .released(amount: root.amount("released"), rows: rows(root))
        case .extend: try .extended(expiresMs: root.integer("expires_at_ms"))
        case .look: try .found(found(root))
        case .balances: try .balances(rows(root).sorted { $0.ledger < $1.ledger })
        case .fund: try .funded(funding(root))
        }
    }

    private static func reserved(_ root: JSONValue) throws -> BudgetOutcome.NewReservation {
        guard try root.need("decision").isString("ALLOW") else { throw BadAnswer(what: "decision") }
        let id = try root.text("reservation_id")
        // Shard, creation time and hash, as documented.
        guard id.utf8.count == 35, let createdMs = Int64(id.dropFirst(2).prefix(11), radix: 16) else {
            throw BadAnswer(what: "reservation id")
        }
        return .init(
            id: id, createdMs: createdMs, expiresMs: try root.integer("expires_at_ms"),
            amount: try root.amount("reserved"), path: try root.text("scope_path"), rows: try rows(root))
    }

    private static func found(_ root: JSONValue) throws -> BudgetOutcome.FoundReservation {
        .init(
            status: try root.text("status"), amount: try root.amount("reserved"),
            committed: root.member("committed") == nil ? nil : try root.amount("committed"),
            createdMs: try root.integer("created_at_ms"), expiresMs: try root.integer("expires_at_ms"),
            finalizedMs: root.member("finalized_at_ms") == nil ? nil : try root.integer("finalized_at_ms"),
            path: try root.text("scope_path"))
    }

    private static func funding(_ root: JSONValue) throws -> BudgetOutcome.Funding {
        guard let atMs = try root.instantMs("timestamp") else { throw BadAnswer(what: "timestamp") }
        return .init(
            atMs: atMs,
            allocated: .init(from: try root.amount("previous_allocated"), to: try root.amount("new_allocated")),
            spent: .init(from: try root.amount("previous_spent"), to: try root.amount("new_spent")),
            debt: .init(from: try root.amount("previous_debt"), to: try root.amount("new_debt")),
            remaining: .init(
                from: try root.amount("previous_remaining"), to: try root.amount("new_remaining")))
    }

    private static func rows(_ root: JSONValue) throws -> [LedgerRow] {
        try root.need("balances").elements.map { row in
            guard let ledger = BudgetTree.ledger(of: try row.text("scope_path")) else {
                throw BadAnswer(what: "an unknown ledger")
            }
            let numbers = Ledger(
                allocated: try row.amount("allocated"), reserved: try row.amount("reserved"),
                spent: try row.amount("spent"), debt: try row.amount("debt"),
                overdraftLimit: try row.amount("overdraft_limit"), isOverLimit: try row.truth("is_over_limit"))
            return LedgerRow(ledger, numbers, remaining: try row.amount("remaining"))
        }
    }
}
