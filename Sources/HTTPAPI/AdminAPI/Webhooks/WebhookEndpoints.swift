// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

extension AdminAPI {
    /// Webhook subscriptions, on the admin plane and for tenants themselves (admin digest 1.6, 1.7), and their
    /// deliveries.
    package static func webhookEndpoints(_ services: WebhookServices) -> [Endpoint] {
        [
            CreateSubscription(services: services).endpoint(on: .admin, "createWebhookSubscription"),
            CreateSubscription(services: services).endpoint(on: .tenant, "createTenantWebhook"),
            ListSubscriptions.endpoint(on: .admin, "listWebhookSubscriptions"),
            ListSubscriptions.endpoint(on: .tenant, "listTenantWebhooks"),
            GetSubscription.endpoint(on: .admin, "getWebhookSubscription"),
            GetSubscription.endpoint(on: .tenant, "getTenantWebhook"),
            UpdateSubscription(services: services).endpoint(on: .admin, "updateWebhookSubscription"),
            UpdateSubscription(services: services).endpoint(on: .tenant, "updateTenantWebhook"),
            DeleteSubscription.endpoint(on: .admin, "deleteWebhookSubscription"),
            DeleteSubscription.endpoint(on: .tenant, "deleteTenantWebhook"),
            TestSubscription(services: services).endpoint(on: .admin, "testWebhookSubscription"),
            TestSubscription(services: services).endpoint(on: .tenant, "testTenantWebhook"),
            ListDeliveries.endpoint(on: .admin, "listWebhookDeliveries"),
            ListDeliveries.endpoint(on: .tenant, "listTenantWebhookDeliveries"), ListDeliveries.deadLetters,
            ResendDelivery.endpoint, ReplayEvents.endpoint,
        ] + WebhookSecurityConfig(services: services).endpoints
    }
}

/// Where an operation on subscriptions was called: both planes have the same ones.
enum WebhookPlane: Sendable {
    /// `/v1/admin/webhooks`, the operator's.
    case admin
    /// `/v1/webhooks`, a tenant's, or the operator's in a tenant's place.
    case tenant

    /// The path of the collection.
    var path: String { self == .admin ? "/v1/admin/webhooks" : "/v1/webhooks" }

    /// Who may call an operation that needs this permission of tenants.
    func access(_ permission: Permission) -> Access { self == .admin ? .admin : .tenantOrAdmin(permission) }

    /// Who an operation is put down to.
    func actor(_ caller: Caller) -> AdminActor { self == .admin ? .admin : AdminActor(of: caller) }
}
