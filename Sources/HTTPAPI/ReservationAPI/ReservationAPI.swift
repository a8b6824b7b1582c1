// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes

/// The Reservation API: named resources, held by requesters.
package enum ReservationAPI {
    /// Its operations.
    package static var endpoints: [Endpoint] {
        let one = [
            ReserveResources.endpoint, UnreserveResources.endpoint, TransactReservations.endpoint,
            RenewReservations.endpoint, ReleaseAllOfRequester.endpoint, RegisterResources.endpoint,
            DeleteResource.endpoint, ForceUnreserve.endpoint, StreamEvents.endpoint,
        ]
        let several = [
            CheckResources.endpoints, ListReservedResources.endpoints, ListResources.endpoints, ExchangeToken.endpoints,
        ]
        return (one + several.joined()).map { $0.admitting(OperationQuota.admission) }
    }

    /// 403 to whoever asks for more on behalf of a suspended tenant; giving back stays allowed.
    static let tenantSuspended = APIError(
        .forbidden, "FORBIDDEN", "the tenant is suspended: no new reservations")

    /// 403 for a tenant that was closed after its key had been accepted.
    static let tenantClosed = APIError(.forbidden, "FORBIDDEN", "the tenant is closed")

    /// Others change the definitions faster than this request can read them.
    static let contended = APIError(
        .serviceUnavailable, "INTERNAL_ERROR", "busy with other changes of the tenant's resources: retry",
        headers: [.retryAfter: "1"])
}
