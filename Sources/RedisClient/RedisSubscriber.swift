// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import NIOCore

/// Listens on a channel, on a connection of its own that comes back by itself.
///
/// What is said while there is no connection is not heard: after each ``Signal/listening`` the owner has to look for
/// what it may have missed.
// SAFETY: every mutable property is touched on `eventLoop` only, onto which `start` and `shutdown` hop.
package final class RedisSubscriber: @unchecked Sendable {
    /// What the owner is told, on the event loop; it must not block.
    package enum Signal: Sendable {
        /// Messages are heard from here on.
        case listening
        /// Somebody said this on the channel.
        case message([UInt8])
        /// Nothing is heard until it listens again; the next attempt follows after the delay.
        case deaf(RedisError, retryIn: Duration)
    }

    private enum State {
        case idle
        case connecting(RedisSubscription)
        case listening(RedisSubscription, since: NIODeadline)
        case backingOff(Scheduled<Void>)
        case closed
    }

    private let eventLoop: any EventLoop
    private let configuration: RedisConfiguration
    private let connector: RedisConnector
    private let channelName: [UInt8]
    private let heartbeat: TimeAmount
    private let onSignal: @Sendable (Signal) -> Void
    private var state = State.idle
    private var backoff: RedisBackoff
    private var random = SystemRandomNumberGenerator()

    /// Prepares to listen; nothing is opened before ``start()``. A server that is silent for twice the `heartbeat` is
    /// taken for gone. Reads the trusted authorities when TLS is on.
    package init(
        configuration: RedisConfiguration, eventLoop: any EventLoop, channel: [UInt8],
        heartbeat: Duration = .seconds(5), onSignal: @escaping @Sendable (Signal) -> Void
    ) throws(RedisConfigurationError) {
        self.configuration = configuration
        self.connector = try RedisConnector(configuration)
        self.eventLoop = eventLoop
        self.channelName = channel
        self.heartbeat = TimeAmount(heartbeat)
        self.onSignal = onSignal
        self.backoff = RedisBackoff(floor: configuration.backoffFloor, ceiling: configuration.backoffCeiling)
    }

    /// Begins to connect and goes on until ``shutdown()``.
    package func start() {
        self.eventLoop.execute {
            guard case .idle = self.state else { return }
            self.connect()
        }
    }

    /// Hangs up; no signal comes after it returns.
    package func shutdown() async {
        let closed = self.eventLoop.submit {
            let state = self.state
            self.state = .closed
            switch state {
            case .connecting(let session), .listening(let session, _):
                session.end(RedisError(.shutdown, "the client is shut down"))
            case .backingOff(let timer): timer.cancel()
            case .idle, .closed: break
            }
        }
        // It cannot fail.
        try? await closed.get()
    }

    private func connect() {
        do {
            let session = try RedisSubscription(
                eventLoop: self.eventLoop, handshake: self.configuration.authentication.map { [$0] } ?? [],
                channelName: self.channelName, patience: TimeAmount(self.configuration.commandTimeout),
                heartbeat: self.heartbeat, notify: { self.sessionChanged($0) })
            self.state = .connecting(session)
            self.connector.connect(session, on: self.eventLoop) { session.end($0) }
        } catch {
            self.lost(RedisError(.connectFailed, "\(error)", underlying: error))
        }
    }

    private func sessionChanged(_ event: RedisSubscription.Event) {
        switch (event, self.state) {
        case (.listening, .connecting(let session)):
            self.state = .listening(session, since: self.eventLoop.now)
            self.onSignal(.listening)
        case (.message(let text), .listening): self.onSignal(.message(text))
        case (.ended(let error), .listening(_, let since)):
            // Connections that keep ending soon after they came up are not made again at once.
            if self.eventLoop.now - since >= TimeAmount(self.configuration.backoffCeiling) { self.backoff.succeeded() }
            self.lost(error)
        case (.ended(let error), .connecting): self.lost(error)
        default: break
        }
    }

    private func lost(_ error: RedisError) {
        let delay = self.backoff.failed(using: &self.random)
        self.state = .backingOff(
            self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.connect() })
        self.onSignal(.deaf(error, retryIn: delay))
    }
}
