// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import HoldfastRuntime
import HoldfastSettings
import LocalStack
import NIOCore
import Observability
import RedisClient
import Synchronization
import Testing

@Suite("Shutdown")
struct ShutdownTests {
    @Test(
        "under load no request is lost: each is answered in full, the last of a connection says close",
        arguments: Mount.allCases)
    func underLoad(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let answered = Tally()
            let lost = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<16 {
                    group.addTask {
                        let path = client % 2 == 0 ? "/v1/store" : "/livez"
                        return try await WireClient.connect(server.port) { wire in
                            try await Self.askUntilClosed(&wire, path: path, answered)
                        }
                    }
                }
                try await eventually("load") { answered.count > 500 }
                await server.beginStop()
                return try await group.reduce(0, +)
            }
            #expect(lost == 0)
        }
    }

    /// Asks again and again until an answer says close; returns the number of requests without an answer.
    private static func askUntilClosed(
        _ wire: inout WireClient, path: String, _ answered: Tally
    ) async throws -> Int {
        while true {
            do {
                try await wire.send(WireClient.request("GET", path))
                let answer = try await wire.response()
                guard answer.status == 200 else { return 1 }
                answered.increment()
                if answer["Connection"] == "close" { return 0 }
            } catch {
                return 1
            }
        }
    }

    @Test(
        "a request that waits for Redis when the end comes is answered, and readiness is gone meanwhile",
        arguments: Mount.allCases)
    func inFlight(mount: Mount) async throws {
        var limits = HTTPLimits()
        limits.drainTime = .seconds(15)
        let planned = Tally()
        let endpoint = Endpoint("store", .get, "/v1/store", surface: .cycles, access: .open) { input in
            planned.increment()
            return TestEndpoints.askStore(input)
        }
        try await RunningServer.run(endpoints: [endpoint], limits: limits) {
            mount.apply(to: &$0)
            $0.shared.redis.commandTimeout = .seconds(15)
        } _: { server, redis in
            let (ready, store) = try await WireClient.connect(server.port) { probe in
                try await probe.send(WireClient.request("GET", "/livez"))
                _ = try await probe.response()
                let others = (0..<8).map { _ in Task { try await Self.askUntilDrained(server.port) } }
                let store = try await WireClient.connect(server.port) { client in
                    try await client.send(WireClient.request("GET", "/livez"))
                    _ = try await client.response()
                    try await redis.pause()
                    try await client.send(WireClient.request("GET", "/v1/store"))
                    try await eventually("the request is with the server") { planned.count == 1 }
                    await server.beginStop()
                    try await eventually("nobody new is let in") {
                        await (try? WireClient.connect(server.port) { _ in true }) == nil
                    }
                    // Connections hear of the end a moment after the listener.
                    for other in others { try await other.value }
                    try await redis.resume()
                    return try await client.response()
                }
                try await probe.send(WireClient.request("GET", "/readyz"))
                return (try await probe.response(), store)
            }
            #expect(store.status == 200 && store["Connection"] == "close")
            #expect(ready.status == 503 && ready.body.contains("draining"))
        }
    }

    /// Asks on a connection of its own until an answer says that it is the last one.
    private static func askUntilDrained(_ port: Int) async throws {
        try await WireClient.connect(port) { client in
            var isLast = false
            while !isLast {
                try await client.send(WireClient.request("GET", "/livez"))
                isLast = try await client.response()["Connection"] == "close"
            }
        }
    }

    @Test("a connection that comes in at the very moment of the end is closed, and the process lives")
    func lastMoment() async throws {
        for _ in 0..<12 {
            try await RunningServer.run { server, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            while (try? await WireClient.connect(server.port) { _ in true }) == true {}
                        }
                    }
                    await server.beginStop()
                    try await group.waitForAll()
                }
                try await server.stop()
            }
        }
    }

    @Test("resting connections are closed soon, and the port is free again")
    func restingConnections() async throws {
        try await RunningServer.run { server, redis in
            let isClosed = try await WireClient.connect(server.port) { client in
                try await client.send(WireClient.request("GET", "/livez"))
                _ = try await client.response()
                await server.beginStop()
                return try await client.isClosed()
            }
            #expect(isClosed)
            try await server.stop()
            let port = server.port
            let again = try await RunningServer.start(redis: redis.url) { $0.port = port }
            #expect(again.port == port)
            try await again.stop()
        }
    }

    @Test("a client that will not end is cut off when the time is over")
    func stubbornClient() async throws {
        var limits = HTTPLimits()
        limits.readTime = .seconds(60)
        try await RunningServer.run(limits: limits) {
            $0.shared.shutdownSeconds = 1
        } _: { server, _ in
            let begin = ContinuousClock.now
            let isClosed = try await WireClient.connect(server.port) { client in
                try await client.send("POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf")
                try await eventually("the request has begun") {
                    String(decoding: server.registry.render(), as: UTF8.self).contains("holdfast_http_connections 1")
                }
                await server.beginStop()
                return try await client.isClosed()
            }
            #expect(isClosed && ContinuousClock.now - begin < .seconds(25))
        }
    }
}

/// A number that many tasks count up.
private final class Tally: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }

    func increment() { value.wrappingAdd(1, ordering: .relaxed) }
}
