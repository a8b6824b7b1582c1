// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import RedisClient

/// Why a script call gave no reply that can be used; becomes a 5xx.
package enum ScriptFault: Error, Sendable, CustomStringConvertible {
    /// Redis or the way to it failed; `detail` names file and line of a Lua error.
    case redis(RedisError, script: String, detail: String)
    /// A reply of another shape than the script's header says.
    case malformedReply(script: String, detail: String)

    package var description: String {
        switch self {
        case .redis(_, let script, let detail): "\(script): \(detail)"
        case .malformedReply(let script, let detail): "\(script): malformed reply: \(detail)"
        }
    }

    /// Whether waiting may help: Redis away, loading, full or busy. Otherwise it is a bug or corrupt data.
    package var isUnavailable: Bool {
        guard case .redis(let error, _, _) = self else { return false }
        guard let server = error.serverError else { return true }
        switch server.kind {
        case .noPerm, .wrongType, .crossSlot, .execAbort, .other: return false
        default: return true
        }
    }

    /// Whether the call may have been carried out although no reply came.
    package var isOutcomeUnknown: Bool {
        if case .redis(let error, _, _) = self { return error.outcome != .notApplied }
        return false
    }
}
