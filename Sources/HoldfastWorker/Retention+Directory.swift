// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HoldfastRuntime
internal import Observability
internal import SharedKernel

/// Rows of reservation directories, which lists do not show any more.
extension Retention {
    /// After a call that deleted something: Redis is busy with it for some milliseconds, and others wait.
    private static let breath = Duration.milliseconds(20)

    /// Drops them for each tenant of a shard. A tenant whose directory is corrupt does not hold up the others.
    func trimDirectories(_ shard: Shard) async throws(ScriptFault) {
        var offset: Int64 = 0
        while !Task.isCancelled {
            let (tenants, read) = try await tenants(shard, from: offset)
            for tenant in tenants where !Task.isCancelled {
                do throws(ScriptFault) {
                    try await trimDirectory(of: tenant)
                } catch {
                    if error.isUnavailable { throw error }
                    record(error, "trim rows")
                }
            }
            offset += read
            guard read == Self.tenantsPerCall else { return }
        }
    }

    private func trimDirectory(of tenant: TenantID) async throws(ScriptFault) {
        var trim = TrimRows(keys: store.keyspace.keys(of: tenant), keepMs: store.keepMs)
        while let call = trim.call, !Task.isCancelled {
            let outcome = try trim.outcome(try await store.runner.run(call))
            guard outcome.rows > 0 || outcome.paths > 0 else { continue }
            trimmed["directory_row"]?.increment(by: outcome.rows)
            trimmed["scope_path"]?.increment(by: outcome.paths)
            try? await Task.sleep(for: Self.breath)
        }
    }
}
