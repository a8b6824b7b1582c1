// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The Cycles budget protocol, runtime plane.
package enum CyclesAPI {
    /// Its operations.
    package static var endpoints: [Endpoint] {
        [
            CreateReservation.endpoint, CommitReservation.endpoint, ReleaseReservation.endpoint,
            ExtendReservation.endpoint, GetReservation.endpoint, GetBalances.endpoint,
        ]
    }
}
