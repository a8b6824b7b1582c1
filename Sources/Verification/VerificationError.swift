// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import RedisClient

/// Why nothing can be said about the invariants.
package enum VerificationError: Error, Sendable, CustomStringConvertible {
    /// Redis, or the way to it, failed.
    case unavailable(RedisError)
    /// Redis is there, but no server has ever used it.
    case notInstalled
    /// The installation's constants cannot be read, so no shard can be found.
    case corruptInstall
    /// Redis answered with something that the command never answers.
    case unexpectedReply(to: String)
    /// The task was cancelled.
    case interrupted

    package var description: String {
        switch self {
        case .unavailable(let error): "Redis could not be read: \(error.message)"
        case .notInstalled: "This Redis holds no Holdfast installation: no server has been started on it."
        case .corruptInstall: "The record hf:install in this Redis is damaged: it names no valid number of shards."
        case .unexpectedReply(let command): "Redis answered \(command) with something unexpected."
        case .interrupted: "The check was interrupted."
        }
    }
}
