// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a private Redis could not be started or commanded.
package enum LocalStackError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no `redis-server` on the search path.
    case redisServerMissing(name: String)
    /// The `redis-server` found is older than what the scripts need.
    case redisTooOld(found: String, needed: String)
    /// `redis-server` ended, or did not answer in time; with the end of its log.
    case redisDidNotStart(log: String)
    /// A system call failed.
    case system(call: String, code: Int32)
    /// The process that watches over the server is gone.
    case watchdogGone

    /// One or two sentences that say what to do about it.
    package var description: String {
        switch self {
        case .redisServerMissing(let name):
            "\(name) was not found on the PATH. Install it: apt-get install redis-server (Debian, Ubuntu) or "
                + "brew install redis (macOS)."
        case .redisTooOld(let found, let needed):
            "redis-server \(found) is too old: version \(needed) or newer is needed."
        case .redisDidNotStart(let log):
            log.isEmpty ? "redis-server did not start." : "redis-server did not start; its log ends with:\n\(log)"
        case .system(let call, let code):
            "\(call) failed with error \(code)."
        case .watchdogGone:
            "The process that watches over redis-server is gone."
        }
    }
}
