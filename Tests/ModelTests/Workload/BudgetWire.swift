// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON

/// Budget requests as HTTP has them, and answers read back.
enum BudgetWire {
    /// Whose keys a request is sent with.
    struct Credentials: Sendable {
        var apiKey: String
        /// Ids of ``BudgetTree/policies``.
        var policyIDs: [String] = []
    }

    /// The request on the wire. The key also goes into the header when `sendsHeader`.
    static func request(
        _ request: BudgetRequest, _ credentials: Credentials, sendsHeader: Bool = false
    ) -> ModelStack.WireRequest {
        let (target, body) = form(request, credentials)
        var wire = ModelStack.WireRequest(method: body == nil ? .get : .post, target: target)
        switch request {
        case .freeze: wire.headers[.adminAPIKey] = ModelStack.adminKey
        case .setPolicy:
            wire.headers[.adminAPIKey] = ModelStack.adminKey
            wire.method = .patch
        default: wire.headers[.cyclesAPIKey] = credentials.apiKey
        }
        if let body {
            wire.body = Array(body.utf8)
            if sendsHeader, let key = request.key { wire.headers[.idempotencyKey] = key }
        }
        return wire
    }

    private static func form(
        _ request: BudgetRequest, _ credentials: Credentials
    ) -> (target: String, body: String?) {
        switch request {
        case .reserve(let estimate, let key): ("/v1/reservations", body(estimate, key))
        case .decide(let subject, let amount, let key):
            (
                "/v1/decide",
                """
                {"idempotency_key":"\(key)","subject":\(subject.json),\(action),"estimate":\(json(amount))}
                """
            )
        case .charge(let charge, let key):
            (
                "/v1/events",
                """
                {"idempotency_key":"\(key)","subject":\(charge.subject.json),\(action),\
                "actual":\(json(charge.amount))\(member("overage_policy", charge.policy?.rawValue))}
                """
            )
        case .commit(let id, let actual, let key):
            ("/v1/reservations/\(id)/commit", #"{"idempotency_key":"\#(key)","actual":\#(json(actual))}"#)
        case .release(let id, let reason, let key):
            ("/v1/reservations/\(id)/release", #"{"idempotency_key":"\#(key)","reason":"\#(reason)"}"#)
        case .extend(let id, let byMs, let key):
            ("/v1/reservations/\(id)/extend", #"{"idempotency_key":"\#(key)","extend_by_ms":\#(byMs)}"#)
        case .look(let id): ("/v1/reservations/\(id)", nil)
        case .balances: ("/v1/balances?tenant=\(BudgetTree.tenant)", nil)
        case .fund(let ledger, let funding, let key): ("/v1/admin/budgets/fund?\(place(ledger))", body(funding, key))
        case .freeze(let ledger, let isFrozen):
            ("/v1/admin/budgets/\(isFrozen ? "freeze" : "unfreeze")?\(place(ledger))", #"{"reason":"model"}"#)
        case .setPolicy(let policy, let rules): ("/v1/admin/policies/\(credentials.policyIDs[policy])", body(rules))
        }
    }

    private static let action = #""action":{"kind":"llm.completion","name":"model"}"#

    private static func json(_ amount: Int64) -> String { #"{"unit":"\#(BudgetTree.unit)","amount":\#(amount)}"# }

    private static func place(_ ledger: Int) -> String {
        "scope=\(BudgetTree.plots[ledger].scope)&unit=\(BudgetTree.unit)"
    }

    /// A member with a comma before it, or nothing.
    private static func member(_ name: String, _ word: String?) -> String {
        word.map { ",\"\(name)\":\"\($0)\"" } ?? ""
    }

    private static func body(_ estimate: BudgetRequest.Estimate, _ key: String) -> String {
        """
        {"idempotency_key":"\(key)","subject":\(estimate.subject.json),\(action),\
        "estimate":\(json(estimate.amount)),"grace_period_ms":\(estimate.graceMs)\
        \(estimate.ttlMs.map { ",\"ttl_ms\":\($0)" } ?? "")\(member("overage_policy", estimate.policy?.rawValue))\
        \(estimate.isDryRun ? ",\"dry_run\":true" : "")}
        """
    }

    private static func body(_ funding: BudgetRequest.Funding, _ key: String) -> String {
        var spentMember = ""
        if case .resetSpent(_, let spent?) = funding { spentMember = ",\"spent\":\(json(spent))" }
        return """
            {"operation":"\(funding.word)","amount":\(json(funding.amount)),"idempotency_key":"\(key)"\(spentMember)}
            """
    }

    private static func body(_ rules: PolicyRules) -> String {
        func numbers(_ members: [(name: String, value: Int64?)]) -> String {
            let present = members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
            return present.isEmpty ? "null" : "{\(present.joined(separator: ","))}"
        }
        let ttl = numbers([
            ("default_ttl_ms", rules.defaultTTLMs), ("max_ttl_ms", rules.maxTTLMs),
            ("max_extensions", rules.maxExtensions),
        ])
        let rates = numbers([
            ("max_reservations_per_minute", rules.reservationsPerMinute),
            ("max_commits_per_minute", rules.commitsPerMinute),
        ])
        return """
            {"status":"\(rules.isActive ? "ACTIVE" : "DISABLED")","priority":\(rules.priority),\
            "caps":\(numbers([("max_tokens", rules.caps)])),"reservation_ttl_override":\(ttl),"rate_limits":\(rates),\
            "commit_overage_policy":\(rules.overage.map { "\"\($0.rawValue)\"" } ?? "null")}
            """
    }

    /// What a response says.
    static func answer(to request: BudgetRequest, _ response: APIResponse?) -> BudgetAnswer {
        guard let response else { return BudgetAnswer(.unknown(claimsNoEffect: false)) }
        let text = String(decoding: response.body, as: UTF8.self)
        do {
            let root = try JSONDocument.parse(response.body).root
            let status = response.status.code
            var success = 200
            if case .charge = request { success = 201 }
            guard status == success else {
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
        if status == 429, response.headers[.retryAfter] == nil || response.headers[.rateLimitReset] == nil {
            throw BadAnswer(what: "429 without its headers")
        }
        let namesScope = ["BUDGET_EXCEEDED", "OVERDRAFT_LIMIT_EXCEEDED", "DEBT_OUTSTANDING", "BUDGET_FROZEN"]
            .contains(code)
        let scope = namesScope ? message.split(separator: " ").last.map(String.init) : nil
        return .refused(status: status, code: code, scope: scope)
    }

    private static func outcome(of request: BudgetRequest, _ root: JSONValue) throws -> BudgetOutcome {
        switch request {
        case .reserve(let estimate, _):
            return estimate.isDryRun ? .decided(try decision(root, isDryRun: true)) : .reserved(try reserved(root))
        case .decide: return .decided(try decision(root, isDryRun: false))
        case .charge: return .charged(try receipt(root))
        case .commit:
            return .committed(
                charged: try root.amount("charged"),
                released: root.member("released") == nil ? nil : try root.amount("released"), rows: try rows(root))
        case .release: return .released(amount: try root.amount("released"), rows: try rows(root))
        case .extend: return .extended(expiresMs: try root.integer("expires_at_ms"))
        case .look: return .found(try found(root))
        case .balances: return .balances(try rows(root).sorted { $0.ledger < $1.ledger })
        case .fund: return .funded(try funding(root))
        case .freeze(_, let isFrozen):
            guard try root.need("status").isString(isFrozen ? "FROZEN" : "ACTIVE") else {
                throw BadAnswer(what: "status")
            }
            return .froze(atMs: try updatedMs(root))
        case .setPolicy: return .policySet(atMs: try updatedMs(root))
        }
    }

    private static func updatedMs(_ root: JSONValue) throws -> Int64 {
        guard let atMs = try root.instantMs("updated_at") else { throw BadAnswer(what: "updated_at") }
        return atMs
    }

    /// The caps that go with the word of a decision; only `max_tokens` is ever set.
    private static func caps(_ root: JSONValue) throws -> Int64? {
        let decision = try root.text("decision")
        guard ["ALLOW", "ALLOW_WITH_CAPS", "DENY"].contains(decision) else { throw BadAnswer(what: "decision") }
        let caps = try root.member("caps")?.integer("max_tokens")
        guard (caps != nil) == (decision == "ALLOW_WITH_CAPS") else { throw BadAnswer(what: "caps") }
        return caps
    }

    private static func decision(_ root: JSONValue, isDryRun: Bool) throws -> BudgetOutcome.Decision {
        let isDenied = try root.need("decision").isString("DENY")
        let unwanted = ["reservation_id", "expires_at_ms", "remaining_ttl_ms"] as [StaticString]
        guard unwanted.allSatisfy({ root.member($0) == nil }) else { throw BadAnswer(what: "of a live reservation") }
        guard isDenied == (root.member("reason_code") != nil) else { throw BadAnswer(what: "reason_code") }
        var decision = BudgetOutcome.Decision(reason: isDenied ? try root.text("reason_code") : nil)
        decision.caps = try caps(root)
        guard isDryRun else { return decision }
        decision.path = try root.text("scope_path")
        decision.reserved = root.member("reserved") == nil ? nil : try root.amount("reserved")
        decision.rows = try rows(root)
        return decision
    }

    private static func receipt(_ root: JSONValue) throws -> BudgetOutcome.Receipt {
        let id = try root.text("event_id")
        guard try root.need("status").isString("APPLIED"), id.hasPrefix("evt_") else { throw BadAnswer(what: "event") }
        return .init(
            id: id, createdMs: try createdMs(id.dropFirst(4)),
            charged: root.member("charged") == nil ? nil : try root.amount("charged"), rows: try rows(root))
    }

    /// Of an id: shard, creation time and hash, as documented.
    private static func createdMs(_ id: Substring) throws -> Int64 {
        guard id.utf8.count == 35, let createdMs = Int64(id.dropFirst(2).prefix(11), radix: 16) else {
            throw BadAnswer(what: "id")
        }
        return createdMs
    }

    private static func reserved(_ root: JSONValue) throws -> BudgetOutcome.NewReservation {
        let id = try root.text("reservation_id")
        return .init(
            id: id, createdMs: try createdMs(id[...]), expiresMs: try root.integer("expires_at_ms"),
            amount: try root.amount("reserved"), path: try root.text("scope_path"), caps: try caps(root),
            rows: try rows(root))
    }

    /// A reservation as it is shown alone and in lists.
    static func found(_ root: JSONValue) throws -> BudgetOutcome.FoundReservation {
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
