// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes

/// Refusals of the admin plane in the protocol's words (admin digest 0.4); the rest are those of the runtime plane.
enum AdminRefusals {
    /// 404 for a tenant that is not there, be it that its id could not be one's.
    static let noTenant = APIError(.notFound, "TENANT_NOT_FOUND", "tenant_id: there is no such tenant")

    /// 400 for what only an active tenant may get.
    static let tenantSuspended = APIError.invalid("tenant_id: the tenant is SUSPENDED, it must be ACTIVE")

    /// 404 for an API key that is not there, be it that its id could not be one's.
    static let noKey = APIError(.notFound, "NOT_FOUND", "key_id: there is no such API key")

    /// 503 for a change that others came before again and again.
    static let contended = APIError(
        .serviceUnavailable, "INTERNAL_ERROR", "busy with other changes of the same: retry",
        headers: [.retryAfter: "1"])

    /// 404 for a scope without a ledger.
    static func noBudget(_ path: [UInt8]) -> APIError {
        APIError(
            .notFound, "BUDGET_NOT_FOUND", "scope: there is no budget for \(String(decoding: path, as: UTF8.self))")
    }

    /// 400 for an amount in another unit than the budget's.
    static func unitMismatch(_ field: StaticString, _ found: BudgetUnit, expected: BudgetUnit) -> APIError {
        APIError(
            .badRequest, "UNIT_MISMATCH",
            "\(field): is \(found.rawValue), the budget's unit is \(expected.rawValue)")
    }
}
