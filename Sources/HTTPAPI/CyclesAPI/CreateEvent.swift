// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/events` (runtime digest 1.9): books what was spent without a reservation before it.
enum CreateEvent {
    static let endpoint = Endpoint(
        "createEvent", .post, "/v1/events", surface: .cycles, access: .tenant(.reservationsCreate),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let subject = try SubjectBody(try fields.requiredObject("subject"))
        _ = try SharedSchemas.action(try fields.requiredObject("action"))
        let (actual, unit) = try SharedSchemas.amount(try fields.requiredObject("actual"))
        let policy = try fields.optionalEnum("overage_policy", OveragePolicy.self)
        if let metrics = try fields.optionalObject("metrics") { try SharedSchemas.checkMetrics(metrics) }
        // Advisory: nothing depends on it.
        _ = try fields.optionalInt64("client_time_ms", in: 0...Int64.max)
        _ = try fields.optionalObject("metadata")
        try fields.finish()
        if let refusal = subject.refusal(for: principal) { return .refuse(refusal) }
        let rules = principal.policies.governing(subject.path.bytes, atMs: input.nowMs)
        var charge = Charge(
            identity: input.installation.salt.identity(
                tenant: principal.tenant, endpoint: "event".utf8, key: key.decoded),
            fingerprint: Identity.fingerprint(of: document.root), actual: actual, unit: unit, path: subject.path,
            policy: policy ?? rules?.overage, fallbackPolicy: principal.overageFallback)
        charge.telling = EventContext.telling(input.request, principal)
        return book(charge, principal, keepMs: input.installation.keepMs)
    }

    private static func book(_ charge: Charge, _ principal: Principal, keepMs: Int64) -> Step {
        let call = { @Sendable in charge.call(for: principal, keepMs: keepMs, sweptMs: $0) }
        return .budgetCall(of: principal.keys, keepMs: keepMs, call) { reply throws(ScriptFault) in
            switch try charge.outcome(reply) {
            case .charged(let record, let isReplay):
                answer(record, isReplay: isReplay, id: record.id(shard: principal.shard, hash: charge.identity.text))
            case .refused(let refusal):
                .refuse(BudgetRefusals.reserve(refusal, path: charge.path, unit: charge.unit))
            }
        }
    }

    private static func answer(_ record: ChargeRecord, isReplay: Bool, id: BudgetReservationID) -> Step {
        guard let balances = record.balances else { return .refuse(CreateReservation.corrupt) }
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("status")
        writer.string("APPLIED")
        writer.key("event_id")
        // Not to be taken for the id of a reservation.
        writer.string([UInt8]("evt_".utf8) + id.text)
        if record.charged < record.actual { writer.amount("charged", record.charged, record.unit) }
        writer.balances(balances)
        writer.endObject()
        var response = APIResponse.json(writer.finish(), status: .created)
        if !isReplay { response.notices = record.ledgersFlagged.map(LogNotice.init) }
        return .respond(response)
    }
}

extension LogNotice {
    /// The notice of a ledger that went over its limit.
    init(_ row: LedgerRow) {
        self.init(scope: row.path, debt: row.state.debt, overdraftLimit: row.state.overdraftLimit)
    }
}
