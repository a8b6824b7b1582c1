// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import StrictJSON

/// Refusals of the runtime plane in the protocol's words (runtime digest 2.10).
enum BudgetRefusals {
    /// 409 for a budget that says no.
    static func denied(_ denial: Denial, scope: some Collection<UInt8>) -> APIError {
        let scope = String(decoding: scope, as: UTF8.self)
        return switch denial {
        case .closed: APIError(.conflict, "BUDGET_CLOSED", "Budget is closed for scope: \(scope)")
        case .frozen: APIError(.conflict, "BUDGET_FROZEN", "Budget is frozen for scope: \(scope)")
        case .overLimit:
            APIError(.conflict, "OVERDRAFT_LIMIT_EXCEEDED", "Scope is over its overdraft limit: \(scope)")
        case .overdraft:
            APIError(
                .conflict, "OVERDRAFT_LIMIT_EXCEEDED", "The overage would exceed the overdraft limit of scope: \(scope)"
            )
        case .debt: APIError(.conflict, "DEBT_OUTSTANDING", "Scope has outstanding debt: \(scope)")
        case .exceeded: APIError(.conflict, "BUDGET_EXCEEDED", "Budget exceeded for scope: \(scope)")
        }
    }

    /// Refusals common to reserve, decide and events.
    static func reserve(_ outcome: Reserve.Outcome, path: ScopePath, unit: BudgetUnit) -> APIError {
        switch outcome {
        case .reserved: CreateReservation.corrupt
        case .mismatch: mismatch
        case .tenantClosed: tenantClosed
        case .tenantSuspended: tenantSuspended
        case .limited(let resetMs, let nowMs): limited("reservations", resetMs: resetMs, nowMs: nowMs)
        case .noBudget: noBudget(path.bytes)
        case .unitMismatch(let scope, let expected):
            unitMismatch(scope: scope, requested: unit, expected: expected)
        case .denied(let denial, let scope): denied(denial, scope: scope)
        }
    }

    /// Refusals common to commit, release and extend.
    static func settle(_ refusal: SettleRefusal) -> APIError {
        switch refusal {
        case .mismatch: mismatch
        case .notFound: APIError(.notFound, "NOT_FOUND", "Reservation not found")
        case .foreign: APIError(.forbidden, "FORBIDDEN", "Reservation belongs to another tenant")
        case .outOfScope: outOfScope
        case .tenantClosed: tenantClosed
        case .finalized: APIError(.conflict, "RESERVATION_FINALIZED", "Reservation is already committed or released")
        case .expired: APIError(.gone, "RESERVATION_EXPIRED", "Reservation has expired")
        }
    }

    /// 429 for whoever does more than a policy allows in a minute (runtime digest 1.0).
    static func limited(_ what: String, resetMs: Int64, nowMs: Int64) -> APIError {
        let wait_s = max(1, (resetMs - nowMs + 999) / 1_000)
        return APIError(
            .tooManyRequests, "LIMIT_EXCEEDED", "The policy for this scope allows no more \(what) in this minute",
            headers: [
                .retryAfter: String(wait_s), .rateLimitRemaining: "0", .rateLimitReset: String((resetMs + 999) / 1_000),
            ])
    }

    static let mismatch = APIError(
        .conflict, "IDEMPOTENCY_MISMATCH", "idempotency_key was used before with another request")

    static let tenantClosed = APIError(.conflict, "TENANT_CLOSED", "The tenant is closed")

    static let tenantSuspended = APIError(.forbidden, "FORBIDDEN", "The tenant is suspended: no new reservations")

    static let foreignTenant = APIError(.forbidden, "FORBIDDEN", "tenant: is not the tenant of the API key")

    static let foreignTenantID = APIError(.forbidden, "FORBIDDEN", "tenant_id: is not the tenant of the API key")

    static let outOfScope = APIError(.forbidden, "FORBIDDEN", "The API key's scope filter does not cover this scope")

    /// 404 for a subject without any budget.
    static func noBudget(_ path: [UInt8]) -> APIError {
        APIError(
            .notFound, "NOT_FOUND", "Budget not found for provided scope: \(String(decoding: path, as: UTF8.self))")
    }

    /// 400 `UNIT_MISMATCH` with the details that let a client correct itself.
    static func unitMismatch(
        scope: some Collection<UInt8>, requested: BudgetUnit, expected: [BudgetUnit]
    ) -> APIError {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("scope")
        writer.string(Array(scope))
        writer.key("requested_unit")
        writer.string(requested.rawValue)
        writer.key("expected_units")
        writer.beginArray()
        for unit in expected { writer.string(unit.rawValue) }
        writer.endArray()
        writer.endObject()
        return APIError(
            .badRequest, "UNIT_MISMATCH",
            "unit: \(requested.rawValue) is not a unit of scope \(String(decoding: scope, as: UTF8.self))",
            details: writer.finish())
    }
}
