// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI

/// What Holdfast offers to the world.
package enum PublicAPI {
    /// The operations of every API and their descriptions; ``buildServer(_:endpoints:context:limits:patience:)`` adds
    /// those for health.
    package static var endpoints: [Endpoint] {
        CyclesAPI.endpoints + AdminAPI.endpoints + ReservationAPI.endpoints + OpenAPIDocuments.endpoints
    }
}
