// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The OpenAPI 3.1 files of `docs/api`, compiled in.
package enum OpenAPIFile: String, CaseIterable, Sendable {
    /// What operators do, and tenants with their own budgets and policies.
    case admin
    /// The runtime plane of the Cycles protocol.
    case cycles
    /// The Reservation API.
    case reservation

    /// The file's name.
    package var name: String { rawValue + ".yaml" }

    /// The file as it is in the repository.
    package var bytes: [UInt8] { text.withUTF8Buffer { Array($0) } }

    private var text: StaticString {
        switch self {
        case .admin: EmbeddedText.admin
        case .cycles: EmbeddedText.cycles
        case .reservation: EmbeddedText.reservation
        }
    }
}
