// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/reservations` (runtime digest 1.2): live and dry run.
enum CreateReservation {
    static let endpoint = Endpoint(
        "createReservation", .post, "/v1/reservations", surface: .cycles, access: .tenant(.reservationsCreate),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let (reserve, isDryRun, subject) = try decode(input, principal)
        if let refusal = subject.refusal(for: principal) { return .refuse(refusal) }
        let keepMs = input.installation.keepMs
        let call = { @Sendable (sweptMs: Int64) in
            isDryRun
                ? reserve.evaluation(for: principal, keepMs: keepMs, sweptMs: sweptMs)
                : reserve.call(for: principal, sweptMs: sweptMs)
        }
        return .budgetCall(of: principal.keys, keepMs: keepMs, call) { reply throws(ScriptFault) in
            answer(try reserve.outcome(reply), reserve, principal)
        }
    }

    private static func decode(
        _ input: Endpoint.Input, _ principal: Principal
    ) throws -> (Reserve, isDryRun: Bool, SubjectBody) {
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let subject = try SubjectBody(try fields.requiredObject("subject"))
        let action = try SharedSchemas.action(try fields.requiredObject("action"))
        let (amount, unit) = try SharedSchemas.amount(try fields.requiredObject("estimate"))
        let ttl = try fields.optionalInt64("ttl_ms", in: 1_000...86_400_000)
        let grace = try fields.optionalInt64("grace_period_ms", in: 0...60_000)
        let policy = try fields.optionalEnum("overage_policy", OveragePolicy.self)
        let isDryRun = try fields.optionalBool("dry_run") ?? false
        let metadata = try fields.optionalObject("metadata")
        try fields.finish()
        let terms = principal.terms
        // A policy's terms stand before the tenant's, the request's before both (runtime digest 2.12, 6.1).
        let rules = principal.policies.governing(subject.path.bytes, atMs: input.nowMs)
        var reserve = Reserve(
            identity: input.installation.salt.identity(
                tenant: principal.tenant, endpoint: "create".utf8, key: key.decoded),
            fingerprint: Identity.fingerprint(of: document.root), amount: amount, unit: unit, path: subject.path,
            ttlMs: min(ttl ?? rules?.defaultTTLMs ?? terms.defaultTTLMs, rules?.maxTTLMs ?? terms.maxTTLMs),
            graceMs: grace ?? 5_000, policy: policy ?? rules?.overage,
            fallbackPolicy: principal.overageFallback,
            maxExtensions: min(rules?.maxExtensions ?? terms.maxExtensions, Limits.extensionsMax),
            idempotencyKey: key.raw, subject: subject.raw, action: action, metadata: metadata?.raw ?? [])
        reserve.caps = rules?.caps ?? []
        reserve.telling = EventContext.telling(input.request, principal)
        if let rules, let most = rules.reservationsPerMinute { reserve.rateLimit = (rules.id, most) }
        return (reserve, isDryRun, subject)
    }

    private static func answer(_ outcome: Reserve.Outcome, _ reserve: Reserve, _ principal: Principal) -> Step {
        switch outcome {
        case .reserved(let record, let now, _):
            guard let balances = record.openingBalances else { return .refuse(corrupt) }
            let id = record.id(shard: principal.shard, hash: reserve.identity.text)
            return .respond(.json(body(record, balances, id: id, nowMs: now)))
        case let refusal: return .refuse(BudgetRefusals.reserve(refusal, path: reserve.path, unit: reserve.unit))
        }
    }

    static let corrupt = APIError(
        .internalServerError, "INTERNAL_ERROR", "the stored reservation is not in order; it is logged")

    /// First answer and replay alike; only `remaining_ttl_ms` depends on `nowMs`.
    private static func body(
        _ record: BudgetRecord, _ balances: [LedgerRow], id: BudgetReservationID, nowMs: Int64
    ) -> [UInt8] {
        let isDryRun = record.state == .dryRun
        let isDenied = isDryRun && !record.note.isEmpty
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("decision")
        writer.string(isDenied ? "DENY" : record.hasCaps ? "ALLOW_WITH_CAPS" : "ALLOW")
        if !isDryRun {
            writer.key("reservation_id")
            writer.string(id.text)
        }
        writer.strings("affected_scopes", record.affectedScopes)
        if !isDryRun {
            writer.key("expires_at_ms")
            writer.int(record.originalExpiresMs)
            let isLive = record.state(at: nowMs) == .active
            writer.key("remaining_ttl_ms")
            writer.int(isLive ? max(0, record.originalExpiresMs - nowMs) : 0)
        }
        writer.key("scope_path")
        writer.string(record.path)
        if !isDenied { writer.amount("reserved", record.amount, record.unit) }
        if record.hasCaps, !isDenied { writer.stored("caps", record.caps) }
        if isDenied {
            writer.key("reason_code")
            writer.string(record.note)
        }
        writer.balances(balances)
        writer.endObject()
        return writer.finish()
    }
}
