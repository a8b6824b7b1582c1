// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LocalStack
import NIOCore
import NIOPosix
import RedisClient
import SharedKernel
import StrictJSON
import TestSupport
import Testing

/// The Reservation API over a Redis of its own: endpoints, scripts and store, without a socket for HTTP.
struct ReservationAPIStack: Sendable {
    let runner: ScriptRunner

    /// An answer, with its body read.
    struct Answer {
        let status: HTTPResponse.Status
        let root: JSONValue
        /// Script calls it took.
        let calls: Int

        /// The items of the body, or its only object.
        var items: [JSONValue] { root.kind == .array ? Array(root.elements) : [root] }

        /// A string of an item, nil if it is anything else.
        func text(_ name: StaticString, of index: Int = 0) -> String? {
            items[index].member(name)?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
        }

        /// The status of every item.
        var statuses: [String] { items.indices.compactMap { text("status", of: $0) } }

        /// The fencing token of every item that has one.
        var fencingTokens: [Int64] { items.compactMap { $0.member("fencingToken")?.int64() } }
    }

    /// Runs a test against a stack of its own with one active tenant.
    static func run(_ body: (ReservationAPIStack) async throws -> Void) async throws {
        try await TestGate.stacks.run { try await runAlone(body) }
    }

    private static func runAlone(_ body: (ReservationAPIStack) async throws -> Void) async throws {
        let principal = try ReservationAPICall.principal()
        let redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try RedisPool(
            configuration: try RedisConfiguration(url: redis.url), group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        let result: Result<Void, any Error>
        do {
            try await pool.waitUntilReady(within: .seconds(60))
            _ = try await pool.send(RedisCommand([[UInt8]("SET".utf8), principal.keys[1], principal.tag]))
            try await body(ReservationAPIStack(runner: ScriptRunner(pool: pool, group: group)))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        try await group.shutdownGracefully()
        await redis.remove()
        try result.get()
    }

    /// Takes a planned request through its script calls to the answer.
    private func answer(_ planned: Step, to method: HTTPRequest.Method, _ action: String) async throws -> Answer {
        var step = planned
        var calls = 0
        while case .call(let invocation) = step {
            step = try invocation.next(try await runner.run(invocation.call))
            calls += 1
        }
        let response = try ReservationAPICall.response(step)
        try response.check(method, "/api/v1/Reservation/" + action, passedPipeline: false)
        return Answer(status: response.status, root: try JSONDocument.parse(response.body).root, calls: calls)
    }

    func reserve(_ body: String) async throws -> Answer {
        try await answer(try ReservationAPICall.reserve(body), to: .post, "reserve")
    }

    /// Reserves one resource.
    func reserve(_ requester: String, _ resource: String, ttlSeconds: Int? = nil) async throws -> Answer {
        let ttl = ttlSeconds.map { #","ttlSeconds":\#($0)"# } ?? ""
        return try await reserve(#"[{"requester":"\#(requester)","resource":"\#(resource)"\#(ttl)}]"#)
    }

    func unreserve(_ body: String) async throws -> Answer {
        try await answer(try ReservationAPICall.unreserve(body), to: .post, "unreserve")
    }

    /// Releases one resource.
    func unreserve(_ requester: String, _ resource: String, _ token: String?) async throws -> Answer {
        let field = token.map { #","releaseToken":"\#($0)""# } ?? ""
        return try await unreserve(#"[{"requester":"\#(requester)","resource":"\#(resource)"\#(field)}]"#)
    }

    /// Who holds a resource, as a path segment.
    func holder(_ segment: String) async throws -> String? {
        let planned = try ReservationAPICall.plan(.get, "/api/v1/Reservation/check/" + segment)
        let answer = try await answer(planned, to: .get, "check/" + segment)
        let holder = answer.text("holder")
        #expect(answer.root.member("isReserved")?.bool() == (holder != nil))
        return holder
    }

    /// Asks again until the answer is yes; an error after ten seconds. Every question is a round trip to Redis.
    static func eventually(_ question: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try await !question() {
            try #require(ContinuousClock.now < deadline, "it did not happen in ten seconds")
            await Task.yield()
        }
    }
}
