// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/budgets` (admin digest 1.4): a ledger for one scope and unit.
enum CreateBudget {
    static let endpoint = Endpoint(
        "createBudget", .post, "/v1/admin/budgets", surface: .admin, access: .tenantOrAdmin(.budgetsWrite),
        plan: { input in planning { try plan(input) } })

    private enum Rollover: String, CaseIterable {
        case none = "NONE"
        case carryForward = "CARRY_FORWARD"
        case capAtAllocated = "CAP_AT_ALLOCATED"
    }

    /// A ledger on its way.
    private struct NewLedger: Sendable {
        let id: [UInt8]
        let tenant: TenantID
        let path: ScopePath
        let unit: BudgetUnit
        let allocated: Int64
        let overdraftLimit: Int64
        let policy: OveragePolicy?
        let rollover: Rollover
        let periodStartMs: Int64?
        let periodEndMs: Int64?
        /// JSON as sent.
        let metadata: ArraySlice<UInt8>?
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let (owner, ledger) = try decode(input)
        let entry = AuditEntry(
            operation: "createBudget", status: .created, actor: owner.actor, resourceType: "budget",
            resourceID: ledger.id)
        let open = OpenLedger(
            keys: owner.keys, tag: owner.tag, path: ledger.path, unit: ledger.unit, allocated: ledger.allocated,
            overdraftLimit: ledger.overdraftLimit, policy: ledger.policy,
            terms: detail(ledger, atMs: 0).terms.json + [0] + (ledger.metadata ?? []),
            auditEntry: entry.json(input.request) { writer in
                writer.amount("amount", ledger.allocated, ledger.unit)
                writer.key("metadata")
                writer.beginObject()
                writer.key("scope")
                writer.string(ledger.path.bytes)
                writer.amount("overdraft_limit", ledger.overdraftLimit, ledger.unit)
                writer.endObject()
            },
            eventContext: EventContext.json(input.request, owner.actor))
        return .call(open.call(payload: eventData(ledger))) { reply throws(ScriptFault) in
            switch try open.outcome(reply) {
            case .created(let atMs): return .respond(.json(detail(ledger, atMs: atMs).body, status: .created))
            case .duplicate:
                return .refuse(
                    APIError(.conflict, "DUPLICATE_RESOURCE", "scope: has a budget in \(ledger.unit.rawValue) already"))
            case .noTenant: return .refuse(AdminRefusals.noTenant)
            case .inactive(.closed): return .refuse(BudgetRefusals.tenantClosed)
            case .inactive: return .refuse(AdminRefusals.tenantSuspended)
            }
        }
    }

    private static func decode(_ input: Endpoint.Input) throws -> (LedgerOwner, NewLedger) {
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let tenantID = try fields.optionalString("tenant_id", characters: Limits.tenantIDCharacters)
        let scope = try fields.requiredString("scope", characters: Limits.scopeCharacters)
        let unit = try fields.requiredEnum("unit", BudgetUnit.self)
        let allocated = try fields.requiredObject("allocated")
        let limit = try fields.optionalObject("overdraft_limit")
        let policy = try fields.optionalEnum("commit_overage_policy", OveragePolicy.self)
        let rollover = try fields.optionalEnum("rollover_policy", Rollover.self) ?? .none
        let start = try fields.optionalDateTime("period_start")
        let end = try fields.optionalDateTime("period_end")
        if let start, let end, end <= start { throw fields.fieldError("period_end", "must be after period_start") }
        let metadata = try AdminSchemas.metadata(&fields)
        try fields.finish()
        if tenantID != nil, input.caller.principal != nil {
            throw fields.fieldError("tenant_id", "must be absent with a tenant's key, which names the tenant")
        }
        let owner = try LedgerOwner(input, tenantID: tenantID)
        let path = try owner.newScope(scope)
        let ledger = NewLedger(
            id: owner.ledgerID(path, unit), tenant: owner.tenant, path: path, unit: unit,
            allocated: try AdminSchemas.amount(allocated, of: "allocated.unit", in: unit),
            overdraftLimit: try limit.map { try AdminSchemas.amount($0, of: "overdraft_limit.unit", in: unit) } ?? 0,
            policy: policy, rollover: rollover, periodStartMs: start, periodEndMs: end, metadata: metadata?.raw)
        return (owner, ledger)
    }

    /// The ledger as it is when it was created at this time.
    private static func detail(_ ledger: NewLedger, atMs: Int64) -> LedgerDetail {
        var state = LedgerState(allocated: ledger.allocated, overdraftLimit: ledger.overdraftLimit)
        state.flags = [ledger.policy?.ledgerLetter ?? UInt8(ascii: "0")]
        return LedgerDetail(
            row: LedgerRow(path: ledger.path.bytes, unit: ledger.unit, state: state),
            terms: LedgerTerms(
                id: ledger.id, rollover: [UInt8](ledger.rollover.rawValue.utf8),
                periodStart: ledger.periodStartMs.map(DateTime.text), periodEnd: ledger.periodEndMs.map(DateTime.text),
                createdMs: atMs, updatedMs: atMs))
    }

    /// The event's data (admin digest 4.3, EventDataBudgetLifecycle).
    private static func eventData(_ ledger: NewLedger) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("ledger_id")
        writer.string(ledger.id)
        writer.key("scope")
        writer.string(ledger.path.bytes)
        writer.key("unit")
        writer.string(ledger.unit.rawValue)
        writer.key("operation")
        writer.string("CREATE")
        writer.key("new_state")
        writer.beginObject()
        writer.key("allocated")
        writer.int(ledger.allocated)
        writer.key("remaining")
        writer.int(ledger.allocated)
        writer.key("debt")
        writer.int(0)
        writer.key("spent")
        writer.int(0)
        writer.key("reserved")
        writer.int(0)
        writer.key("status")
        writer.string("ACTIVE")
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }
}
