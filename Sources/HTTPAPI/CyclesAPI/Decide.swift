// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/decide` (runtime digest 1.1): what a reservation would be answered, moving nothing.
enum Decide {
    static let endpoint = Endpoint(
        "decide", .post, "/v1/decide", surface: .cycles, access: .tenant(.reservationsCreate),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let subject = try SubjectBody(try fields.requiredObject("subject"))
        let action = try SharedSchemas.action(try fields.requiredObject("action"))
        let (amount, unit) = try SharedSchemas.amount(try fields.requiredObject("estimate"))
        let metadata = try fields.optionalObject("metadata")
        try fields.finish()
        if let refusal = subject.refusal(for: principal) { return .refuse(refusal) }
        let rules = principal.policies.governing(subject.path.bytes, atMs: input.nowMs)
        var question = Reserve(
            identity: input.installation.salt.identity(
                tenant: principal.tenant, endpoint: "decide".utf8, key: key.decoded),
            fingerprint: Identity.fingerprint(of: document.root), amount: amount, unit: unit, path: subject.path,
            ttlMs: 0, graceMs: 0, policy: nil, fallbackPolicy: principal.overageFallback, maxExtensions: 0,
            idempotencyKey: key.raw, subject: subject.raw, action: action, metadata: metadata?.raw ?? [])
        question.caps = rules?.caps ?? []
        question.telling = EventContext.telling(input.request, principal)
        return ask(question, principal, keepMs: input.installation.keepMs)
    }

    private static func ask(_ question: Reserve, _ principal: Principal, keepMs: Int64) -> Step {
        let call = { @Sendable in question.evaluation(for: principal, keepMs: keepMs, sweptMs: $0) }
        return .budgetCall(of: principal.keys, keepMs: keepMs, call) { reply throws(ScriptFault) in
            switch try question.outcome(reply) {
            case .reserved(let record, _, _): .respond(.json(body(record)))
            case let refusal: .refuse(BudgetRefusals.reserve(refusal, path: question.path, unit: question.unit))
            }
        }
    }

    private static func body(_ record: BudgetRecord) -> [UInt8] {
        let isDenied = !record.note.isEmpty
        let hasCaps = record.hasCaps && !isDenied
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("decision")
        writer.string(isDenied ? "DENY" : hasCaps ? "ALLOW_WITH_CAPS" : "ALLOW")
        if hasCaps { writer.stored("caps", record.caps) }
        if isDenied {
            writer.key("reason_code")
            writer.string(record.note)
        }
        writer.strings("affected_scopes", record.affectedScopes)
        writer.endObject()
        return writer.finish()
    }
}
