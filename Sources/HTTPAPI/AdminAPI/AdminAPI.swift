// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The admin plane: what an operator does with tenants, keys and budgets, and tenants with their own budgets.
package enum AdminAPI {
    /// Its operations.
    package static var endpoints: [Endpoint] {
        [
            CreateTenant.endpoint, GetTenant.endpoint, ListTenants.endpoint, UpdateTenant.endpoint,
            CreateAPIKey.endpoint, ListAPIKeys.endpoint, UpdateAPIKey.endpoint, RevokeAPIKey.endpoint,
            ValidateAPIKey.endpoint, Introspect.endpoint, CreateBudget.endpoint, FundBudget.endpoint,
            ListBudgets.endpoint, LookupBudget.endpoint, UpdateBudget.endpoint, FreezeBudget.freeze,
            FreezeBudget.unfreeze, CreatePolicy.endpoint, ListPolicies.endpoint, UpdatePolicy.endpoint,
            ListAuditLogs.endpoint, ReadEvents.list, ReadEvents.listOfTenant, ReadEvents.one, GetOverview.endpoint,
            BulkTenants.endpoint, BulkBudgets.endpoint, BulkWebhooks.endpoint,
        ] + TenantSetting.limits.endpoints + TenantSetting.jwtKeys.endpoints
    }
}
