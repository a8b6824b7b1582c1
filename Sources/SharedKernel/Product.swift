// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What this is, for whoever is told.
package enum Product {
    /// The version of all programs.
    package static let version = "0.1.0"
}
