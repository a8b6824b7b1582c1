// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
package import RedisClient

/// What a Redis says about itself in the reply to INFO; nil where it does not say.
package struct StoreFacts: Sendable {
    /// Such as `7.0.15`.
    package let version: String?
    package let isPrimary: Bool?
    /// What happens when memory is short; only `noeviction` is safe.
    package let evictionPolicy: String?
    package let hasAppendOnlyFile: Bool?

    /// The facts in a reply to INFO without arguments.
    package init(info: RedisReply) {
        var fields: [Substring: Substring] = [:]
        for line in (info.text ?? "").split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        version = fields["redis_version"].map(String.init)
        isPrimary = fields["role"].map { $0 == "master" }
        evictionPolicy = fields["maxmemory_policy"].map(String.init)
        hasAppendOnlyFile = fields["aof_enabled"].map { $0 == "1" }
    }

    /// Whether the version is one that runs scripts with flags: 7.0 or later. An unknown version counts as good: a
    /// service that hides it may still be one.
    package var isNewEnough: Bool {
        guard let version, let major = version.split(separator: ".").first.flatMap({ Int($0) }) else { return true }
        return major >= 7
    }

    /// What outlives the end of this Redis.
    package var persistence: OperationsAPI.Persistence {
        guard let hasAppendOnlyFile else { return .unknown }
        return hasAppendOnlyFile ? .appendOnlyFile : .memory
    }

    /// Whether keys may be dropped when memory is short; false when Redis does not say.
    package var evicts: Bool { evictionPolicy.map { $0 != "noeviction" } ?? false }
}
