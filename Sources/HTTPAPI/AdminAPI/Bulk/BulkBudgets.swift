// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/budgets/bulk-action` (admin digest 1.10): funds the ledgers of a filter, all of one tenant.
enum BulkBudgets {
    static let endpoint = Endpoint(
        "bulkActionBudgets", .post, "/v1/admin/budgets/bulk-action", surface: .admin, access: .admin,
        plan: { input in planning { BulkRun(try BudgetBulkWork(input)).step } })
}

/// The action over ledgers. A row's place is its path, a space and the unit's letter.
private struct BudgetBulkWork: BulkWork {
    static let operation: StaticString = "bulkActionBudgets"
    static let resourceType: StaticString = "budget"
    static let correlationWord: StaticString = "budget_bulk_action"

    /// Marks of rows: it has no debt, or anything else.
    private static let (debtless, plain) = (UInt8(ascii: "n"), UInt8(ascii: "d"))

    let input: Endpoint.Input
    let request: BulkRequest<FundingOperation>
    private let owner: LedgerOwner
    private let filter: LedgerFilter
    private let order: FundBudget.Order
    private let unit: BudgetUnit
    /// As sent.
    private let rawFilter: [UInt8]

    init(_ input: Endpoint.Input) throws {
        self.input = input
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let filter = try fields.requiredObject("filter")
        var criteria = try JSONFields(filter)
        let tenant = try criteria.requiredString("tenant_id", characters: Limits.tenantIDCharacters)
        self.filter = try Self.filter(&criteria)
        try criteria.finish()
        request = try BulkRequest(&fields, of: document.root, input.request)
        (order, unit) = try Self.order(&fields, request.action)
        try fields.finish()
        owner = try LedgerOwner(input, tenantID: tenant)
        rawFilter = Array(filter.raw)
    }

    private static func filter(_ criteria: inout JSONFields) throws -> LedgerFilter {
        var filter = LedgerFilter()
        let scopes = 0...Limits.scopePrefixCharactersMax
        filter.scopePrefix = try criteria.optionalString("scope_prefix", characters: scopes) ?? []
        filter.unit = try criteria.optionalEnum("unit")
        filter.status = try criteria.optionalEnum("status")
        filter.isOverLimit = try criteria.optionalBool("over_limit")
        filter.hasDebt = try criteria.optionalBool("has_debt")
        filter.utilizationMin = try share(&criteria, "utilization_min")
        filter.utilizationMax = try share(&criteria, "utilization_max")
        if let low = filter.utilizationMin, let high = filter.utilizationMax, low > high {
            throw APIError.invalid("filter.utilization_min: must not be above utilization_max")
        }
        filter.search = try criteria.optionalSearch() ?? []
        return filter
    }

    /// A number from 0 to 1, exactly as it is written.
    private static func share(_ criteria: inout JSONFields, _ name: StaticString) throws -> Fraction? {
        guard let value = try criteria.optional(name) else { return nil }
        guard value.kind == .number, let share = Fraction(decimal: Array(value.raw)), share <= Fraction(1) else {
            throw value.fieldError("must be a number from 0 to 1 of at most 18 decimals")
        }
        return share
    }

    private static func order(
        _ fields: inout JSONFields, _ operation: FundingOperation
    ) throws -> (FundBudget.Order, BudgetUnit) {
        let (amount, unit) = try SharedSchemas.amount(try fields.requiredObject("amount"))
        let spent = try fields.optionalObject("spent")
        var spentAmount: Int64?
        if let spent {
            // Known to the schema, and of no effect on the other operations.
            _ = try SharedSchemas.amount(spent)
            if operation == .resetSpent { spentAmount = try AdminSchemas.amount(spent, of: "spent.unit", in: unit) }
        }
        let reason = try fields.optional("reason")
        if let reason { _ = try reason.checkedString(characters: Limits.reasonCharacters) }
        return (FundBudget.Order(operation: operation, amount: amount, spent: spentAmount, reason: reason?.raw), unit)
    }

    var auditKeys: [[UInt8]] { owner.keys }

    func writeDetails(to writer: inout JSONWriter) {
        writer.key("filter")
        writer.raw(rawFilter)
        writer.amount("amount", order.amount, unit)
        if let spent = order.spent { writer.amount("spent", spent, unit) }
        writer.stored("reason", order.reason ?? [])
    }

    func id(of row: BulkRow) -> [UInt8] {
        guard let (path, unit) = Self.ledger(row) else { return row.place }
        return owner.ledgerID(path, unit)
    }

    private static func ledger(_ row: BulkRow) -> (ScopePath, BudgetUnit)? {
        guard let letter = row.place.last, let unit = BudgetUnit(letter: letter),
            case .success(let path) = ScopePath.parse(Array(row.place.dropLast(2)))
        else { return nil }
        return (path, unit)
    }

    // MARK: Finding

    func match(
        found: @escaping @Sendable (BulkMatch) -> Step, refuse: @escaping @Sendable (APIError) -> Step
    ) -> Step {
        GetTenant.load(owner.tenant, input, refuse: refuse) { tenant in
            if tenant.status == .closed { return refuse(BudgetRefusals.tenantClosed) }
            return scan(after: [], read: 0, BulkMatch(), found, refuse)
        }
    }

    private func scan(
        after: [UInt8], read: Int64, _ match: BulkMatch, _ found: @escaping @Sendable (BulkMatch) -> Step,
        _ refuse: @escaping @Sendable (APIError) -> Step
    ) -> Step {
        var bounds = ScanBounds()
        bounds.within = filter.scopePrefix
        bounds.unit = filter.unit
        let scan = ScanLedgers(
            keys: owner.keys, tag: [], bounds: bounds, isDescending: false, after: after, room: Limits.ledgersPerScan)
        // What waits to be expired changes nothing of what filters look at: nobody insists on it.
        return .call(scan.call(sweptMs: 1)) { reply throws(ScriptFault) in
            let piece = try scan.piece(reply)
            var match = match
            for row in piece.rows where filter.accepts(row) {
                let mark = row.state.debt == 0 ? Self.debtless : Self.plain
                match.add(BulkRow(place: row.path + [32, row.unit.letter], mark: mark))
            }
            let read = read + piece.read
            guard piece.hasMore else { return found(match) }
            if read >= Limits.ledgersScannedMax { return refuse(Self.tooMany(match.total)) }
            return self.scan(after: piece.last, read: read, match, found, refuse)
        }
    }

    private static func tooMany(_ total: Int) -> APIError {
        APIError(
            .badRequest, "LIMIT_EXCEEDED",
            "filter: there are more than \(Limits.ledgersScannedMax) budgets to look at: narrow down scope_prefix",
            details: [UInt8](#"{"total_matched":\#(total)}"#.utf8))
    }

    // MARK: Changing

    func foregone(_ row: BulkRow) -> BulkOutcome? {
        guard let (_, unit) = Self.ledger(row) else { return .notFound }
        if unit != self.unit {
            return .invalid("the budget's unit is \(unit.rawValue), the amount's \(self.unit.rawValue)")
        }
        return request.action == .repayDebt && row.mark == Self.debtless ? .already : nil
    }

    func apply(_ row: BulkRow, _ pass: BulkPass, done: @escaping @Sendable (BulkOutcome) -> Step) -> Step {
        guard let (path, unit) = Self.ledger(row) else { return done(.notFound) }
        let installation = input.installation
        // The plan's id is no other action's, so a row is changed once by it, however often it is tried.
        let key = installation.salt.identity(
            tenant: owner.tenant, endpoint: [UInt8]("bulk-fund/".utf8) + row.place, key: pass.plan.id)
        let booking = FundBudget.Booking(
            key: key, fingerprint: request.fingerprint, auditEntry: [],
            context: EventContext.json(input.request, owner.actor, correlationID: pass.correlationID))
        let fund = FundBudget.fund(owner, path, unit, order, booking)
        return .budgetCall(
            of: owner.keys, keepMs: installation.keepMs, { fund.call(sweptMs: $0) },
            otherwise: { afterFault($0, done: done) }
        ) { reply throws(ScriptFault) in
            done(Self.outcome(try fund.outcome(reply)))
        }
    }

    private static func outcome(_ outcome: FundLedger.Outcome) -> BulkOutcome {
        switch outcome {
        case .funded: .succeeded
        case .mismatch: .fault
        case .noTenant, .noBudget, .unitMismatch: .notFound
        case .tenantClosed: .invalid("the tenant is CLOSED")
        case .frozen: .invalid("the budget is FROZEN")
        case .closed: .invalid("the budget is CLOSED")
        case .exceeded: .failed(code: "BUDGET_EXCEEDED", message: "less than the amount remains")
        case .overflow:
            .failed(code: "INVALID_REQUEST", message: "takes the budget beyond the range of 64-bit integers")
        }
    }
}
