// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import NIOCore
internal import Synchronization

/// A connection to Redis that comes back by itself; one per event loop.
///
/// Calls are pipelined and answered in order. While there is no connection a call waits a short time for one and then
/// fails with `notConnected`, so that callers learn quickly that Redis is away.
// SAFETY: every mutable property is touched on `eventLoop` only, which `send`, `cancel` and all callbacks check in
// debug builds; `ready` is atomic.
package final class RedisConnection: @unchecked Sendable {
    private enum State {
        case idle
        case connecting(RedisSession)
        case backingOff(Scheduled<Void>)
        case ready
        case closed
    }

    /// The loop on which everything of this connection happens.
    package let eventLoop: any EventLoop

    private let index: Int
    private let configuration: RedisConfiguration
    private let connector: RedisConnector
    private let handshake: [RedisCommand]
    private let onEvent: @Sendable (RedisEvent) -> Void
    private let connectionWait: TimeAmount
    private let ready = Atomic(false)

    private var state = State.idle
    private var session: RedisSession?
    private var lastCallID: UInt64 = 0
    private var waiting = HeldCalls()
    private var isWaitTimerArmed = false
    private var connectBackoff: RedisBackoff
    private var flapBackoff: RedisBackoff
    private var readySince = NIODeadline.uptimeNanoseconds(0)
    private var lastFailure: RedisError?
    private var readiness: [EventLoopPromise<Void>] = []
    private var random = SystemRandomNumberGenerator()

    init(
        index: Int,
        eventLoop: any EventLoop,
        configuration: RedisConfiguration,
        connector: RedisConnector,
        onConnect: [RedisCommand],
        onEvent: @escaping @Sendable (RedisEvent) -> Void
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.connector = connector
        self.handshake = Self.login(configuration) + onConnect
        self.onEvent = onEvent
        self.connectionWait = TimeAmount(min(configuration.connectionWait, configuration.commandTimeout))
        let backoff = RedisBackoff(floor: configuration.backoffFloor, ceiling: configuration.backoffCeiling)
        self.connectBackoff = backoff
        self.flapBackoff = backoff
    }

    /// Whether calls are written at once; from any thread.
    package var isReady: Bool { self.ready.load(ordering: .relaxed) }

    // MARK: Calls

    /// Hands over a call. On the event loop only.
    ///
    /// `completion` runs on the event loop exactly once, and before `send` returns when the call is refused. An error
    /// reply arrives as a failure. Calls handed over here are written in this order.
    @discardableResult
    package func send(_ command: RedisCommand, completion: @escaping RedisCompletion) -> RedisCallID {
        self.eventLoop.assertInEventLoop()
        self.lastCallID &+= 1
        let id = RedisCallID(number: self.lastCallID)
        if let session = self.session {
            session.send(command, id: id, completion: completion)
        } else {
            self.hold(command, id: id, completion: completion)
        }
        return id
    }

    /// Gives up a call: its completion runs with `cancelled` or `cancelledBeforeSend`. On the event loop only.
    ///
    /// Nothing happens when the call has ended already.
    package func cancel(_ id: RedisCallID) {
        self.eventLoop.assertInEventLoop()
        if let call = self.waiting.remove(id) {
            call.completion?(.failure(.cancelledUnsent))
        } else {
            self.session?.cancel(id)
        }
    }

    private func hold(_ command: RedisCommand, id: RedisCallID, completion: @escaping RedisCompletion) {
        if case .closed = self.state { return completion(.failure(Self.closed)) }
        guard self.connectionWait > .zero, self.waiting.count < self.configuration.pendingLimit else {
            return completion(.failure(self.notConnected()))
        }
        self.waiting.append(RedisCall(id: id, enqueuedAt: self.eventLoop.now, completion: completion), command)
        self.armWaitTimer()
    }

    private func armWaitTimer() {
        guard !self.isWaitTimerArmed, let oldest = self.waiting.oldest else { return }
        self.isWaitTimerArmed = true
        self.eventLoop.assumeIsolated().scheduleTask(deadline: oldest + self.connectionWait) {
            self.isWaitTimerArmed = false
            let expired = self.waiting.expire(enqueuedUpTo: self.eventLoop.now - self.connectionWait)
            let error = self.notConnected()
            for call in expired { call.completion?(.failure(error)) }
            self.armWaitTimer()
        }
    }

    private func notConnected() -> RedisError {
        RedisError(.notConnected, self.lastFailure?.message ?? "not connected yet", underlying: self.lastFailure)
    }

    // MARK: Life

    /// Begins to connect and goes on for ever; does nothing when begun already.
    func start() {
        self.eventLoop.assertInEventLoop()
        guard case .idle = self.state else { return }
        self.connect()
    }

    /// Completes when calls can be written; fails at the deadline, on shutdown, and at once when only the operator can
    /// help, with the last failure.
    func untilReady(within limit: TimeAmount) -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        if self.session != nil { return self.eventLoop.makeSucceededVoidFuture() }
        if case .closed = self.state { return self.eventLoop.makeFailedFuture(Self.closed) }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.readiness.append(promise)
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            promise.fail(self.lastFailure ?? self.notConnected())
        }
        promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    /// Takes no more calls, waits for the replies of those that were written, then closes. Completes at the latest
    /// after `limit`; calls without a reply fail then.
    func shutdown(within limit: TimeAmount) -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        let state = self.state
        let session = self.session
        self.state = .closed
        self.session = nil
        self.ready.store(false, ordering: .relaxed)
        switch state {
        case .closed: return self.eventLoop.makeSucceededVoidFuture()
        case .connecting(let session): session.end(Self.closed)
        case .backingOff(let timer): timer.cancel()
        case .idle, .ready: break
        }
        for call in self.waiting.removeAll() { call.completion?(.failure(Self.closed)) }
        self.completeReadiness(.failure(Self.closed))
        guard let session else { return self.eventLoop.makeSucceededVoidFuture() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: limit) { session.end(Self.closed) }
        session.finish {
            timer.cancel()
            promise.succeed()
        }
        return promise.futureResult
    }

    private func connect() {
        do {
            let session = try RedisSession(
                eventLoop: self.eventLoop,
                commandTimeout: TimeAmount(self.configuration.commandTimeout),
                pendingLimit: self.configuration.pendingLimit,
                handshake: self.handshake,
                notify: { self.sessionChanged($0) }
            )
            self.state = .connecting(session)
            self.connector.connect(session, on: self.eventLoop)
        } catch {
            self.connectFailed(RedisError(.connectFailed, "\(error)", underlying: error))
        }
    }

    private func sessionChanged(_ event: RedisSession.Event) {
        switch (event, self.state) {
        case (.ready, .connecting(let session)):
            self.becomeReady(session)
        case (.ended(let error), .connecting), (.unusable(let error), .connecting):
            self.connectFailed(error)
        case (.ended(let error), .ready):
            self.disconnected(error)
        case (.unusable(let error), .ready):
            self.session?.finish()
            self.disconnected(error)
        default:
            break
        }
    }

    private func becomeReady(_ session: RedisSession) {
        // The session is empty and has as much room as the waiting calls can fill, so none of them is refused here.
        while let held = self.waiting.popFirst(), let completion = held.call.completion {
            session.send(
                held.command,
                id: held.call.id,
                enqueuedAt: held.call.enqueuedAt,
                completion: completion
            )
        }
        let failures = self.connectBackoff.failures
        self.connectBackoff.succeeded()
        self.state = .ready
        self.session = session
        self.readySince = self.eventLoop.now
        self.ready.store(true, ordering: .relaxed)
        self.report(.connected(failures: failures))
        self.completeReadiness(.success(()))
    }

    private func connectFailed(_ error: RedisError) {
        self.lastFailure = error
        let delay = self.connectBackoff.failed(using: &self.random)
        self.report(.connectFailed(error, retryIn: delay))
        self.reconnect(after: delay)
        if error.isConfigurationFault { self.completeReadiness(.failure(error)) }
    }

    /// Reconnects at once, unless connections keep ending soon after they came up.
    private func disconnected(_ error: RedisError) {
        self.session = nil
        self.ready.store(false, ordering: .relaxed)
        self.lastFailure = error
        self.report(.disconnected(error))
        let wasStable = self.eventLoop.now - self.readySince >= TimeAmount(self.configuration.backoffCeiling)
        if wasStable {
            self.flapBackoff.succeeded()
            self.connect()
        } else {
            self.reconnect(after: self.flapBackoff.failed(using: &self.random))
        }
    }

    private func reconnect(after delay: Duration) {
        self.state = .backingOff(
            self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.connect() }
        )
    }

    private func completeReadiness(_ result: Result<Void, any Error>) {
        let promises = self.readiness
        self.readiness.removeAll()
        for promise in promises { promise.completeWith(result) }
    }

    private func report(_ change: RedisEvent.Change) {
        self.onEvent(RedisEvent(connection: self.index, change: change))
    }

    /// What is sent before the connection takes traffic: log in, select the database, and see that Redis serves.
    private static func login(_ configuration: RedisConfiguration) -> [RedisCommand] {
        var commands: [RedisCommand] = []
        if let authentication = configuration.authentication { commands.append(authentication) }
        if configuration.database != 0 { commands.append(RedisCommand("SELECT", "\(configuration.database)")) }
        return commands + [.ping]
    }

    private static let closed = RedisError(.shutdown, "the client is shut down")
}

extension RedisConfiguration {
    /// `AUTH`, when there is a password.
    var authentication: RedisCommand? {
        guard let password else { return nil }
        let words = ["AUTH"] + (user.map { [$0] } ?? []) + [password]
        return RedisCommand(words.map { Array($0.utf8) })
    }
}
