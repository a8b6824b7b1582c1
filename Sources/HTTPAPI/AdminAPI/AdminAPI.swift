// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The admin plane: what an operator does with tenants, keys and budgets, and tenants with their own budgets.
package enum AdminAPI {
    /// Its operations.
    package static var endpoints: [Endpoint] {
        [CreateTenant.endpoint, CreateAPIKey.endpoint, CreateBudget.endpoint, FundBudget.endpoint]
    }
}
