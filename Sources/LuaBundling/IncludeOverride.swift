// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Foundation

/// What stands in for an include, such as a clock that tests can set.
package enum IncludeOverride: Hashable, Sendable {
    /// The text of the include.
    case source(String)
    /// A file with the text of the include.
    case file(URL)
}
