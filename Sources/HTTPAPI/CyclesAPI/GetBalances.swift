// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/balances`: the tenant's ledgers by subject filter (runtime digest 1.8, 7.2); without one, by `tenant_id`
/// or `scope_prefix`, in full (admin digest 1.4, decision A20).
enum GetBalances {
    static let endpoint = Endpoint(
        "getBalances", .get, "/v1/balances", surface: .cycles, access: .tenant(.balancesRead),
        plan: { input in planning { try plan(input) } })

    /// One request's view of the ledgers: which rows count, how many, from where.
    private struct Query: Sendable {
        var segments: [[UInt8]] = []
        /// Set by `include_children=false`: the level that must be a row's deepest.
        var deepest: [UInt8]?
        var limit: Int64
        /// What a cursor is bound to: the filters, not the limit.
        var binding: [UInt8]
        let principal: Principal
        let installation: Installation

        func counts(_ row: LedgerRow) -> Bool {
            guard principal.mayTouch(row.path) else { return false }
            guard let deepest else { return true }
            return row.path.split(separator: 47).last.map { $0.elementsEqual(deepest) } ?? false
        }
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let request = input.request
        var query = Query(
            limit: Limits.pageRowsDefault, binding: [], principal: principal, installation: input.installation)
        for level in ScopeLevel.allCases {
            let name = level.word.description
            guard let value = try request.queryValue(name) else { continue }
            if level == .tenant, value != principal.tenant.bytes { return .refuse(BudgetRefusals.foreignTenant) }
            query.segments.append([UInt8](name.utf8) + [58] + value)
        }
        guard let last = query.segments.last else { return try ledgers(request, principal, input.installation) }
        if let limit = try request.queryInt("limit", in: Limits.pageRows) { query.limit = limit }
        if let children = try request.queryValue("include_children") {
            guard let wanted = ["true": true, "false": false][String(decoding: children, as: UTF8.self)] else {
                throw APIError.invalid("include_children: must be true or false")
            }
            if !wanted { query.deepest = last }
        }
        query.binding = [UInt8]("balances".utf8) + query.segments.joined(separator: [0]) + [0] + (query.deepest ?? [])
        var after: [UInt8] = []
        if let text = try request.queryValue("cursor") {
            guard let position = Cursor.open(text, boundTo: query.binding, input.installation.salt) else {
                throw APIError.invalid("cursor: is not one of this query's")
            }
            after = position
        }
        return fetch(query, after: after, found: [])
    }

    /// The ledger view.
    private static func ledgers(
        _ request: APIRequest, _ principal: Principal, _ installation: Installation
    ) throws -> Step {
        var filter = LedgerFilter()
        filter.principal = principal
        let tenantID = try request.queryValue("tenant_id")
        if let tenantID, tenantID != principal.tenant.bytes { return .refuse(BudgetRefusals.foreignTenantID) }
        filter.scopePrefix = try LedgerFilter.scopePrefix(request, principal)
        filter.unit = try request.queryChoice("unit")
        guard tenantID != nil || !filter.scopePrefix.isEmpty else {
            throw APIError.invalid(
                "one of tenant, workspace, app, workflow, agent, toolset, tenant_id or scope_prefix is required")
        }
        let limit = try request.queryInt("limit", in: Limits.ledgerPageRows) ?? Limits.pageRowsDefault
        let listing = LedgerListing(
            keys: principal.keys, tag: principal.tag, filter: filter,
            order: LedgerOrder(key: .scope, direction: .asc), limit: Int(limit),
            owner: [UInt8]("balances".utf8) + [0] + principal.tenant.bytes, installation: installation,
            respond: { .json($0.body("balances")) })
        return try listing.begin(cursor: try request.queryValue("cursor"))
    }

    /// Asks for one row more than wanted, so that `has_more` is exact; goes on while a call ended its scan early.
    private static func fetch(_ query: Query, after: [UInt8], found: [LedgerRow]) -> Step {
        let principal = query.principal
        let keepMs = query.installation.keepMs
        let balances = Balances(
            after: after, limit: query.limit + 1 - Int64(found.count), segments: query.segments)
        let call = { @Sendable in balances.call(for: principal, sweptMs: $0) }
        return .budgetCall(of: principal.keys, keepMs: keepMs, call) { reply throws(ScriptFault) in
            let page = try balances.page(reply)
            let rows = found + page.rows.filter(query.counts)
            if page.hasMore, rows.count <= query.limit {
                return fetch(query, after: page.last, found: rows)
            }
            return .respond(.json(body(rows, query)))
        }
    }

    private static func body(_ rows: [LedgerRow], _ query: Query) -> [UInt8] {
        let shown = Array(rows.prefix(Int(query.limit)))
        var writer = JSONWriter(capacity: 256 + 512 * shown.count)
        writer.beginObject()
        writer.balances(shown)
        writer.key("has_more")
        writer.bool(rows.count > shown.count)
        if rows.count > shown.count, let last = shown.last {
            writer.key("next_cursor")
            writer.string(
                Cursor.seal(last.path + [0, last.unit.letter], boundTo: query.binding, query.installation.salt))
        }
        writer.endObject()
        return writer.finish()
    }
}
