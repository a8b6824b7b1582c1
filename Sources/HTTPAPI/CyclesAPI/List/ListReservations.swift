// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/reservations` (runtime digest 1.3, 7.1): a tenant's reservations, for its key or the operator's.
enum ListReservations {
    static let endpoint = Endpoint(
        "listReservations", .get, "/v1/reservations", surface: .cycles, access: .tenantOrAdmin(.reservationsList),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let principal = input.caller.principal
        let wanted = try request.queryValue("tenant")
        let filter = try ReservationFilter(request, principal)
        let order = try ReservationOrder(request)
        let limit = try request.queryInt("limit", in: Limits.pageRows) ?? Limits.pageRowsDefault
        let extras = try extras(request)
        let tenant: TenantID
        if let principal {
            if let wanted, wanted != principal.tenant.bytes { return .refuse(BudgetRefusals.foreignTenant) }
            tenant = principal.tenant
        } else {
            guard let wanted else {
                throw APIError.invalid("tenant query parameter is required when using admin key authentication")
            }
            // A name that cannot be a tenant's has no reservations.
            guard let named = TenantID(wanted) else { return .respond(ReservationListing.empty) }
            tenant = named
        }
        let keyspace = input.installation.keyspace
        let listing = ReservationListing(
            tenant: tenant, shard: keyspace.shard(of: tenant),
            access: principal?.access ?? .operator(keys: keyspace.keys(of: tenant)), filter: filter, order: order,
            limit: Int(limit), extras: extras, installation: input.installation)
        return try listing.begin(cursor: try request.queryValue("cursor"))
    }

    /// Reads `include`: words that are unknown or empty are passed over.
    private static func extras(_ request: APIRequest) throws -> ReservationExtras {
        var extras: ReservationExtras = []
        for word in try request.queryValue("include")?.split(separator: 44) ?? [] {
            switch String(decoding: word, as: UTF8.self).trimmingBlanks {
            case "metadata": extras.insert(.metadata)
            case "committed_metadata": extras.insert(.committedMetadata)
            default: break
            }
        }
        return extras
    }
}

extension String {
    /// Without blanks at either end.
    fileprivate var trimmingBlanks: Substring {
        let begin = drop { $0 == " " }
        return begin.lastIndex { $0 != " " }.map { begin[...$0] } ?? ""
    }
}
