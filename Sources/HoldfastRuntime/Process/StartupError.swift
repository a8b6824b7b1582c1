// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a process cannot start: one sentence for the operator, and the exit code that tells supervisors whether trying
/// again may help.
package enum StartupError: Error, Sendable, CustomStringConvertible {
    /// Redis or the port is not there; trying again may help.
    case unavailable(String)
    /// Somebody has to change something first.
    case unfit(String)

    package var description: String {
        switch self {
        case .unavailable(let sentence), .unfit(let sentence): sentence
        }
    }

    /// EX_UNAVAILABLE or EX_CONFIG.
    package var exitCode: Int32 {
        switch self {
        case .unavailable: 69
        case .unfit: 78
        }
    }
}
