// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The Cycles budget protocol, runtime plane.
package enum CyclesAPI {
    /// Its operations.
    package static var endpoints: [Endpoint] {
        [
            Decide.endpoint, CreateReservation.endpoint, ListReservations.endpoint, GetReservation.endpoint,
            CommitReservation.endpoint, ReleaseReservation.endpoint, ExtendReservation.endpoint, GetBalances.endpoint,
            CreateEvent.endpoint,
        ]
    }
}
