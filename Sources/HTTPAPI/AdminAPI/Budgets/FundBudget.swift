// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/budgets/fund` (admin digest 2.2, design section 6): CREDIT, DEBIT, RESET, RESET_SPENT, REPAY_DEBT.
enum FundBudget {
    static let endpoint = Endpoint(
        "fundBudget", .post, "/v1/admin/budgets/fund", surface: .admin, access: .tenantOrAdmin(.budgetsWrite),
        plan: { input in planning { try plan(input) } })

    /// What a request asks for, checked.
    struct Order: Sendable {
        let operation: FundingOperation
        let amount: Int64
        /// For RESET_SPENT alone.
        let spent: Int64?
        /// Raw JSON string.
        let reason: ArraySlice<UInt8>?
        /// JSON as sent.
        var metadata: ArraySlice<UInt8>?
    }

    /// By what a change is known when it comes again, and what it leaves in log and journal.
    struct Booking: Sendable {
        let key: Identity
        let fingerprint: Identity
        /// JSON of the audit entry; empty where another entry tells of it.
        let auditEntry: [UInt8]
        /// JSON of ids for the events.
        let context: [UInt8]
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let place = try LedgerPlaceQuery(request)
        let unit = place.unit
        let tenantID = input.caller.principal == nil ? try request.queryValue("tenant_id") : nil
        let body = try decode(request, unit)
        let owner = try LedgerOwner(input, tenantID: tenantID)
        let path = try owner.scope(place.scope)
        let fund = fund(owner, path, unit, body.order, booking(input, owner, path, unit, body))
        let keepMs = input.installation.keepMs
        return .budgetCall(of: owner.keys, keepMs: keepMs, { fund.call(sweptMs: $0) }) { reply throws(ScriptFault) in
            answer(try fund.outcome(reply), fund)
        }
    }

    /// A request's body, checked.
    private struct Body {
        let order: Order
        /// From body or header.
        let idempotencyKey: [UInt8]?
        let fingerprint: Identity
    }

    private static func decode(_ request: APIRequest, _ unit: BudgetUnit) throws -> Body {
        let document = try request.document()
        var fields = try JSONFields(document.root)
        let operation = try fields.requiredEnum("operation", FundingOperation.self)
        let amount = try fields.requiredObject("amount")
        let spent = try fields.optionalObject("spent")
        // Known to the schema, and of no effect on the other operations.
        if let spent { _ = try SharedSchemas.amount(spent) }
        let reason = try fields.optional("reason")
        if let reason { _ = try reason.checkedString(characters: Limits.reasonCharacters) }
        let key = try fields.optionalString("idempotency_key", characters: Limits.idempotencyKeyCharacters)
        let metadata = try AdminSchemas.metadata(&fields)
        try fields.finish()
        // A key in the header alone counts as well: whoever sends one relies on it.
        let headerKey = request.headers[.idempotencyKey].map { [UInt8]($0.utf8) }
        if let key = key ?? headerKey { try request.checkIdempotencyHeader(key) }
        let total = try AdminSchemas.amount(amount, of: "amount.unit", in: unit)
        var spentAmount: Int64?
        if operation == .resetSpent, let spent {
            spentAmount = try AdminSchemas.amount(spent, of: "spent.unit", in: unit)
        }
        let order = Order(
            operation: operation, amount: total, spent: spentAmount, reason: reason?.raw, metadata: metadata?.raw)
        return Body(
            order: order, idempotencyKey: key ?? headerKey, fingerprint: Identity.fingerprint(of: document.root))
    }

    private static func booking(
        _ input: Endpoint.Input, _ owner: LedgerOwner, _ path: ScopePath, _ unit: BudgetUnit, _ body: Body
    ) -> Booking {
        // Without a key the request id serves, so that a call sent again after a lost reply is booked once.
        // The endpoint names the ledger: the same key on another budget is another request.
        let key = input.installation.salt.identity(
            tenant: owner.tenant, endpoint: [UInt8]("fund/".utf8) + [unit.letter, UInt8(ascii: "/")] + path.bytes,
            key: body.idempotencyKey ?? input.request.correlation.requestID)
        let entry = AuditEntry(
            operation: "fundBudget", status: .ok, actor: owner.actor, resourceType: "budget",
            resourceID: owner.ledgerID(path, unit))
        let order = body.order
        let auditEntry = entry.json(input.request) { writer in
            writer.amount("amount", order.amount, unit)
            writer.key("metadata")
            writer.beginObject()
            writer.key("scope")
            writer.string(path.bytes)
            writer.key("operation")
            writer.string(order.operation.rawValue)
            if let spent = order.spent { writer.amount("spent", spent, unit) }
            writer.stored("reason", order.reason ?? [])
            writer.stored("metadata", order.metadata ?? [])
            writer.endObject()
        }
        return Booking(
            key: key, fingerprint: body.fingerprint, auditEntry: auditEntry,
            context: EventContext.json(input.request, owner.actor))
    }

    /// The change of one ledger.
    static func fund(
        _ owner: LedgerOwner, _ path: ScopePath, _ unit: BudgetUnit, _ order: Order, _ booking: Booking
    ) -> FundLedger {
        FundLedger(
            keys: owner.keys, tag: owner.tag, path: path, unit: unit, operation: order.operation,
            amount: order.amount, spent: order.spent, key: booking.key, fingerprint: booking.fingerprint,
            trail: owner.trail(
                path, unit, word: order.operation.rawValue, reason: order.reason,
                isSpentGiven: order.operation == .resetSpent ? order.spent != nil : nil,
                context: booking.context, auditEntry: booking.auditEntry))
    }

    private static func answer(_ outcome: FundLedger.Outcome, _ fund: FundLedger) -> Step {
        let (path, unit) = (fund.path, fund.unit)
        return switch outcome {
        case .funded(let change): .respond(.json(responseBody(change, fund.operation, unit)))
        case .mismatch: .refuse(BudgetRefusals.mismatch)
        case .noTenant: .refuse(AdminRefusals.noTenant)
        case .tenantClosed: .refuse(BudgetRefusals.tenantClosed)
        case .noBudget: .refuse(AdminRefusals.noBudget(path.bytes))
        case .unitMismatch(let expected):
            .refuse(BudgetRefusals.unitMismatch(scope: path.bytes, requested: unit, expected: expected))
        case .frozen: .refuse(BudgetRefusals.denied(.frozen, scope: path.bytes))
        case .closed: .refuse(BudgetRefusals.denied(.closed, scope: path.bytes))
        case .exceeded: .refuse(BudgetRefusals.denied(.exceeded, scope: path.bytes))
        case .overflow: .invalid("amount: takes the budget beyond the range of 64-bit integers")
        }
    }

    /// First answer and replay alike: everything comes from the stored result.
    private static func responseBody(
        _ change: FundLedger.Change, _ operation: FundingOperation, _ unit: BudgetUnit
    ) -> [UInt8] {
        let (before, after) = (change.before, change.after)
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        writer.key("operation")
        writer.string(operation.rawValue)
        writer.amount("previous_allocated", before.allocated, unit)
        writer.amount("new_allocated", after.allocated, unit)
        writer.amount("previous_remaining", before.remaining, unit)
        writer.amount("new_remaining", after.remaining, unit)
        writer.amount("previous_debt", before.debt, unit)
        writer.amount("new_debt", after.debt, unit)
        writer.amount("previous_spent", before.spent, unit)
        writer.amount("new_spent", after.spent, unit)
        writer.dateTime("timestamp", change.atMs)
        writer.endObject()
        return writer.finish()
    }
}
