// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/reservations/{reservation_id}/commit` (runtime digest 1.5).
enum CommitReservation {
    static let endpoint = Endpoint(
        "commitReservation", .post, "/v1/reservations/{reservation_id}/commit", surface: .cycles,
        access: .tenant(.reservationsCommit), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let (actual, unit) = try SharedSchemas.amount(try fields.requiredObject("actual"))
        if let metrics = try fields.optionalObject("metrics") { try SharedSchemas.checkMetrics(metrics) }
        let metadata = try fields.optionalObject("metadata")
        try fields.finish()
        let id = try SettleRequest.id(input)
        guard id.shard == principal.shard else { return SettleRequest.foreign(id, principal) }
        var commit = Commit(
            target: SettleRequest.target(
                input, principal.tenant, id: id, verb: "commit", key: key.decoded, body: document.root),
            actual: actual, unit: unit, metadata: metadata?.raw ?? [])
        commit.telling = EventContext.telling(input.request, principal)
        commit.policies = principal.policies.limitingCommits(atMs: input.nowMs)
        return send(commit, principal, keepMs: input.installation.keepMs)
    }

    private static func send(_ commit: Commit, _ principal: Principal, keepMs: Int64) -> Step {
        let call = { @Sendable in commit.call(for: principal.access, keepMs: keepMs, sweptMs: $0) }
        return .budgetCall(of: principal.keys, keepMs: keepMs, call) { reply throws(ScriptFault) in
            answer(try commit.outcome(reply), commit)
        }
    }

    private static func answer(_ outcome: Commit.Outcome, _ commit: Commit) -> Step {
        switch outcome {
        case .committed(let record, let isReplay):
            guard let balances = record.closingBalances else { return .refuse(CreateReservation.corrupt) }
            var response = APIResponse.json(body(record, balances))
            if !isReplay {
                response.notices = record.ledgersFlagged.map(LogNotice.init)
            }
            return .respond(response)
        case .refused(let refusal): return .refuse(BudgetRefusals.settle(refusal))
        case .unitMismatch(let unit):
            return .refuse(
                APIError(
                    .badRequest, "UNIT_MISMATCH",
                    "actual.unit: is \(commit.unit.rawValue), the reservation's unit is \(unit.rawValue)"))
        case .denied(let denial, let scope): return .refuse(BudgetRefusals.denied(denial, scope: scope))
        case .limited(let resetMs, let nowMs):
            return .refuse(BudgetRefusals.limited("commits", resetMs: resetMs, nowMs: nowMs))
        }
    }

    private static func body(_ record: BudgetRecord, _ balances: [LedgerRow]) -> [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("status")
        writer.string("COMMITTED")
        writer.amount("charged", record.charged, record.unit)
        if record.charged < record.amount {
            writer.amount("released", record.amount - record.charged, record.unit)
        }
        writer.balances(balances)
        writer.endObject()
        return writer.finish()
    }
}
