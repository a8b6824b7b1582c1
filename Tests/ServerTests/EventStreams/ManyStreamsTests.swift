// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite("Many event streams")
struct ManyStreamsTests {
    /// Both ends of a thousand connections are in this process.
    private static func raiseDescriptorLimit() {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    @Test("a thousand streams at rest take one subscription and no call each, hear all there is, and end together")
    func thousand() async throws {
        Self.raiseDescriptorLimit()
        try await RunningServer.runPublic {
            $0.keepAliveTime = .seconds(15)
        } _: { server, _ in
            let pool = server.process.store.runner.pool
            let tenants = [
                try await StreamTenant.create("acme", on: server), try await StreamTenant.create("beta", on: server),
            ]
            var clients: [[StreamClient]] = [[], []]
            for number in 0..<1_000 {
                let t = tenants[number % 2]
                clients[number % 2].append(try await StreamClient.open(server.port, key: t.key))
            }
            try await eventually("all are open") { server.metric("holdfast_event_streams") == 1_000 }
            let heard = try await pool.send(RedisCommand("PUBSUB", "NUMSUB", "hf:ev"))
            #expect(heard.array?.last?.integer == 1)
            let before = try await Self.reads(pool)
            try await tenants[0].reserve("a")
            for client in clients[0] { try await eventually("it hears") { client.resources == ["a"] } }
            let reads = try await Self.reads(pool) - before
            #expect(reads <= 6, "\(reads) calls read one event")
            #expect(clients[1].allSatisfy { $0.frames.isEmpty })
            for client in clients.joined() { try await client.close() }
            try await eventually("all are gone") { server.metric("holdfast_event_streams") == 0 }
            for t in tenants {
                try await eventually("all places are given back") { try await t.leases() == 0 }
                #expect(try await t.tag().last?.isNumber == true)
            }
        }
    }

    /// How often Redis has been asked for entries of a stream.
    private static func reads(_ pool: RedisPool) async throws -> Int {
        let info = try await pool.send(RedisCommand("INFO", "commandstats")).text ?? ""
        let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_xrange:calls=") }
        return line.flatMap { Int($0.dropFirst("cmdstat_xrange:calls=".count).prefix { $0.isNumber }) } ?? 0
    }
}
