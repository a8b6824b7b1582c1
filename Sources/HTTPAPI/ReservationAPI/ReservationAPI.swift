// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes

/// The Reservation API: named resources, held by requesters.
package enum ReservationAPI {
    /// Its operations.
    package static var endpoints: [Endpoint] {
        [ReserveResources.endpoint, UnreserveResources.endpoint, CheckResource.endpoint]
    }

    /// 403 to whoever asks for more on behalf of a suspended tenant; giving back stays allowed.
    static let tenantSuspended = APIError(
        .forbidden, "FORBIDDEN", "the tenant is suspended: no new reservations")

    /// 403 for a tenant that was closed after its key had been accepted.
    static let tenantClosed = APIError(.forbidden, "FORBIDDEN", "the tenant is closed")
}
