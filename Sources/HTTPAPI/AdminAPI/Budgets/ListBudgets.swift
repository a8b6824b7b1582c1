// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/budgets` (admin digest 1.4): ledgers of the caller's tenant, under the admin key of one or of all.
enum ListBudgets {
    static let endpoint = Endpoint(
        "listBudgets", .get, "/v1/admin/budgets", surface: .admin, access: .tenantOrAdmin(.budgetsRead),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let filter = try filter(input)
        var order = LedgerOrder()
        if let key = try request.queryChoice("sort_by", LedgerOrder.Key.self) { order.key = key }
        if let direction = try request.queryChoice("sort_dir", LedgerOrder.Direction.self) {
            order.direction = direction
        }
        let limit = try request.queryPageRows()
        let cursor = try request.queryValue("cursor")
        let keys: [[UInt8]]
        var owner = [UInt8]("budgets".utf8)
        if let principal = input.caller.principal {
            keys = principal.keys
            owner += [0] + principal.tenant.bytes
        } else if let id = try request.queryValue("tenant_id") {
            // A tenant that cannot be has no ledgers, like one that is not there.
            guard let tenant = TenantID(id) else {
                return .respond(.json(LedgerPage(ledgers: [], nextCursor: nil).body("ledgers")))
            }
            keys = input.installation.keyspace.keys(of: tenant)
            owner += [0] + id
        } else {
            let every = EveryBudget(filter: filter, order: order, limit: limit, installation: input.installation)
            return try every.begin(cursor: cursor)
        }
        let listing = LedgerListing(
            keys: keys, tag: input.caller.principal?.tag ?? [], filter: filter, order: order, limit: limit,
            owner: owner, installation: input.installation, respond: { .json($0.body("ledgers")) })
        return try listing.begin(cursor: cursor)
    }

    private static func filter(_ input: Endpoint.Input) throws -> LedgerFilter {
        let request = input.request
        var filter = LedgerFilter()
        filter.principal = input.caller.principal
        filter.scopePrefix = try LedgerFilter.scopePrefix(request, input.caller.principal)
        filter.unit = try request.queryChoice("unit")
        filter.status = try request.queryChoice("status")
        filter.isOverLimit = try request.queryBool("over_limit")
        filter.hasDebt = try request.queryBool("has_debt")
        filter.utilizationMin = try request.queryShare("utilization_min")
        filter.utilizationMax = try request.queryShare("utilization_max")
        if let low = filter.utilizationMin, let high = filter.utilizationMax, low > high {
            throw APIError.invalid("utilization_min: must not be above utilization_max")
        }
        filter.search = try request.querySearch() ?? []
        return filter
    }
}
