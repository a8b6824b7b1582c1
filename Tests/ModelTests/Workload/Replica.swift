// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import NIOCore
import NIOPosix
import Observability
import SharedKernel
import Synchronization

/// One server process, so to speak: event loops, a pool of connections and caches of its own.
final class ServerLife: Sendable {
    private struct Flights {
        var isDead = false
        var next = 0
        var open: [Int: CheckedContinuation<APIResponse?, Never>] = [:]
    }

    let runner: ScriptRunner
    private let group: MultiThreadedEventLoopGroup
    private let pipeline: RequestPipeline
    private let flights = Mutex(Flights())

    init(group: MultiThreadedEventLoopGroup, runner: ScriptRunner, pipeline: RequestPipeline) {
        self.group = group
        self.runner = runner
        self.pipeline = pipeline
    }

    /// Answers a request as a server does; nil when it died before it had answered.
    func answer(_ request: ModelStack.WireRequest) async -> APIResponse? {
        let eventLoop = group.next()
        let question = APIRequest(
            method: request.method, target: request.target, headers: request.headers, body: request.body,
            correlation: Correlation(headers: request.headers))
        return await withCheckedContinuation { continuation in
            let isDead = flights.withLock { flights in
                guard !flights.isDead else { return true }
                let number = flights.next
                flights.next += 1
                flights.open[number] = continuation
                eventLoop.execute {
                    self.pipeline.handle(question, self.pipeline.match(question), on: eventLoop) {
                        self.land(number)?.resume(returning: $0)
                    }
                }
                return false
            }
            if isDead { continuation.resume(returning: nil) }
        }
    }

    /// Whoever waits for an answer, unless the server is dead: then nobody gets one any more.
    private func land(_ number: Int) -> CheckedContinuation<APIResponse?, Never>? {
        flights.withLock { $0.isDead ? nil : $0.open.removeValue(forKey: number) }
    }

    /// Dies in the middle of whatever it does: its connections are closed, and what it was asked stays unanswered.
    func die() async throws {
        flights.withLock { $0.isDead = true }
        await runner.pool.shutdown(within: .milliseconds(1))
        try await group.shutdownGracefully()
        let orphans = flights.withLock { flights in
            defer { flights.open = [:] }
            return flights.open.values.map(\.self)
        }
        for orphan in orphans { orphan.resume(returning: nil) }
    }
}

/// A place behind the load balancer, where one server follows another.
final class Replica: Sendable {
    private struct State {
        var life: ServerLife
        var isChanging = false
    }

    private let state: Mutex<State>
    private let makeLife: @Sendable () async throws -> ServerLife

    init(_ makeLife: @escaping @Sendable () async throws -> ServerLife) async throws {
        self.makeLife = makeLife
        state = Mutex(State(life: try await makeLife()))
    }

    var life: ServerLife { state.withLock { $0.life } }

    func answer(_ request: ModelStack.WireRequest) async -> APIResponse? { await life.answer(request) }

    /// Puts a new server in the place of this one, which is killed; false when somebody else is doing that.
    func replace() async throws -> Bool {
        let isOurs = state.withLock { state in
            defer { state.isChanging = true }
            return !state.isChanging
        }
        guard isOurs else { return false }
        let fresh = try await makeLife()
        let old = state.withLock { state in
            defer { (state.life, state.isChanging) = (fresh, false) }
            return state.life
        }
        try await old.die()
        return true
    }
}
