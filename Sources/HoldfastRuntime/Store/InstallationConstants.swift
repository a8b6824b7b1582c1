// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
internal import RedisClient
internal import SharedKernel

/// What an installation never changes: kept in Redis by whoever comes first.
struct InstallationConstants: Sendable {
    let shards: Int
    let salt: IdentitySalt

    /// Stores these constants if there are none yet; returns those that are stored.
    func settle(with runner: ScriptRunner) async throws(ScriptFault) -> InstallationConstants {
        var call = ScriptCall(.adminInstall, keys: [Keyspace.install])
        call.append(decimal: Int64(shards))
        call.append(salt.bytes)
        let reply = try await runner.run(call)
        guard reply.isWord("INSTALLED"), let stored = Int(exactly: try reply.int(0)),
            (1...Limits.shardCountMax).contains(stored)
        else { throw reply.malformed("installation constants") }
        return InstallationConstants(shards: stored, salt: IdentitySalt(bytes: try reply.bytes(1)))
    }

    /// Makes sure that every shard's sentinel, KEYS[1] of its scripts, exists. One round trip in all.
    static func writeSentinels(_ keyspace: Keyspace, pool: RedisPool) async throws {
        try await withThrowingTaskGroup { group in
            for shard in keyspace.shards {
                let command = RedisCommand([[UInt8]("SET".utf8), shard.prefix, [49], [UInt8]("NX".utf8)])
                group.addTask { _ = try await pool.send(command) }
            }
            try await group.waitForAll()
        }
    }
}
