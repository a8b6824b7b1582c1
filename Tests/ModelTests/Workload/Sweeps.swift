// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import LuaCatalog
import RedisClient
import Reservations
import SharedKernel

/// Sweeps as the worker does them: ask the shard what is due, then expire it.
struct Sweeps: Sendable {
    let stack: ModelStack
    let record: Record

    /// Sweeps once for every tick; a lost connection only means that the next one has more to do.
    func run(_ ticks: AsyncStream<Void>) async throws {
        let tenant = try stack.tenant
        for await _ in ticks { _ = await sweep(tenant) }
    }

    /// Sweeps until nothing is due.
    func finish(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while await sweep(try stack.tenant) != 0 {
            guard ContinuousClock.now < deadline else { throw StackFault(description: "sweeps do not end") }
        }
    }

    /// One pass; how many kinds were due, or nil when Redis could not be asked.
    private func sweep(_ tenant: TenantID) async -> Int? {
        let runner = stack.sweeper
        var call = ScriptCall(.sweepDue, keys: [stack.keyspace.shard(of: tenant).prefix])
        call.append(decimal: Int64(Limits.sweepBatchMax))
        call.append(decimal: 0)
        do throws(ScriptFault) {
            let due = try await runner.run(call)
            for index in 1..<max(1, due.count) {
                let keys = stack.keyspace.keys(of: tenant)
                let expire =
                    switch try due.bytes(index).first {
                    case UInt8(ascii: "b"): Expire(keys: keys, keepMs: Limits.retentionFinalFloorMs).call
                    case UInt8(ascii: "d"): TellDenials(keys: keys).call
                    default: ExpireHolds(keys: keys).call
                    }
                let swept = try await runner.run(expire)
                guard swept.isWord("EXPIRED"), try swept.int(1) == 0 else {
                    record.add(Finding(.protocolBreach, "a sweep set records aside as corrupt"))
                    continue
                }
            }
            return due.count - 1
        } catch {
            if !error.isUnavailable { record.add(Finding(.protocolBreach, "a sweep failed: \(error)")) }
            return nil
        }
    }
}
