// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import AsyncHTTPClient
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Observability
internal import Synchronization

/// Sends webhooks: looks at where they go, connects there and nowhere else, and bounds what an endpoint can cost.
///
/// Any number may be under way at once. `shutdown` has to be called in the end.
package final class WebhookSender: Sendable {
    private struct State {
        var running = 0
        var isStopping = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let guardian: TargetGuard
    private let clients: TargetClients
    private let state = Mutex(State())

    /// Reads the certificates to trust, those of the system and of the PEM files named; blocks for some milliseconds.
    package init(
        group: (any EventLoopGroup)? = nil, resolver: (any HostResolver)? = nil, trustRoots: [String] = [],
        targetsKept: Int = EgressLimits.targetsKept
    ) throws(EgressConfigurationError) {
        let group = group ?? MultiThreadedEventLoopGroup.singleton
        self.guardian = TargetGuard(resolver: resolver ?? SystemResolver(group: group))
        self.clients = TargetClients(
            factory: try TargetClientFactory(group: group, trustRoots: trustRoots), kept: targetsKept)
    }

    /// The guard that this sender asks, for checks without sending.
    package var targetGuard: TargetGuard { self.guardian }

    /// How many targets have connections of their own at the moment.
    package var targets: Int { self.clients.count }

    /// Makes one attempt, which ends by the deadline whatever the endpoint does.
    package func send(
        _ request: OutboundRequest, _ policy: EgressPolicy, deadline: Duration = EgressLimits.attempt
    ) async -> OutboundOutcome {
        let start = ContinuousClock.now
        let result: Result<Answer, AttemptFailure>
        if self.begin() {
            result = await self.race(request, policy, until: start + deadline)
            self.finish()
        } else {
            result = .failure(.cancelled)
        }
        let took = Int64(((ContinuousClock.now - start) / .milliseconds(1)).rounded())
        return switch result {
        case .success(let answer):
            .answered(status: answer.status, retryAfterSeconds: answer.retryAfterSeconds, tookMs: took)
        case .failure(let failure): .failed(reason: failure.reason, message: failure.message, tookMs: took)
        }
    }

    /// Starts nothing any more, waits for what is under way, which its deadlines bound, and closes the connections.
    package func shutdown() async {
        await withCheckedContinuation { continuation in
            let isIdle = self.state.withLock { state in
                state.isStopping = true
                if state.running > 0 { state.waiters.append(continuation) }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
        await self.clients.close()
    }

    private func begin() -> Bool {
        self.state.withLock { state in
            if state.isStopping { return false }
            state.running += 1
            return true
        }
    }

    private func finish() {
        let waiters = self.state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The attempt against the clock; the loser is cancelled and waited for.
    private func race(
        _ request: OutboundRequest, _ policy: EgressPolicy, until end: ContinuousClock.Instant
    ) async -> Result<Answer, AttemptFailure> {
        await withTaskGroup(of: Result<Answer, AttemptFailure>.self) { group in
            group.addTask {
                do throws(AttemptFailure) {
                    return .success(try await self.attempt(request, policy, until: end))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                do {
                    try await Task.sleep(until: end, clock: .continuous)
                    return .failure(.timeout)
                } catch {
                    return .failure(.cancelled)
                }
            }
            let first = await group.next() ?? .failure(.cancelled)
            group.cancelAll()
            return first
        }
    }

    private func attempt(
        _ request: OutboundRequest, _ policy: EgressPolicy, until end: ContinuousClock.Instant
    ) async throws(AttemptFailure) -> Answer {
        let left = min(EgressLimits.lookup, end - .now)
        let target: VettedTarget
        do throws(EgressRefusal) {
            target = try await self.guardian.vet(request.url, policy, within: left).get()
        } catch {
            if case .lookup = error.reason { throw AttemptFailure(.resolve, error.message) }
            throw AttemptFailure(.refusedTarget, error.message)
        }
        var failure = AttemptFailure(.resolve, "the host in the URL has no address")
        // The next address is for those that cannot be connected to: what may have been sent is not sent again.
        for address in target.addresses.prefix(EgressLimits.addressesTried) {
            do throws(AttemptFailure) {
                return try await self.post(request, to: target.url, at: address, until: end)
            } catch {
                failure = error
                if error.reason != .connect || Task.isCancelled { break }
            }
        }
        throw failure
    }

    private func post(
        _ request: OutboundRequest, to url: TargetURL, at address: IPAddress, until end: ContinuousClock.Instant
    ) async throws(AttemptFailure) -> Answer {
        let key = TargetKey(scheme: url.scheme, host: url.host, port: url.port, address: address)
        var message = HTTPClientRequest(url: url.origin + url.target)
        message.method = .POST
        message.headers = Self.headers(request.headers)
        message.body = .bytes(ByteBuffer(bytes: request.body))
        let left = TimeAmount(end - .now)
        let result = await self.clients.withClient(of: key) { [message] client -> Result<Answer, AttemptFailure> in
            do {
                return .success(try await Answer(client.execute(message, timeout: left)))
            } catch {
                return .failure(AttemptFailure(error))
            }
        }
        return try (result ?? .failure(.cancelled)).get()
    }

    /// What the connection needs for itself; the rest of the headers is the caller's.
    private static let ownHeaders: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "proxy-connection", "proxy-authorization",
    ]

    private static func headers(_ list: [(String, String)]) -> HTTPHeaders {
        HTTPHeaders(list.filter { !Self.ownHeaders.contains($0.0.lowercased()) })
    }
}

/// What of a response counts.
private struct Answer: Sendable {
    let status: Int
    let retryAfterSeconds: Int?

    /// Reads the body to its end, or to where we have seen enough.
    init(_ response: HTTPClientResponse) async throws {
        self.status = Int(response.status.code)
        self.retryAfterSeconds = response.headers.first(name: "retry-after")
            .flatMap { RetryAfter.seconds($0, now_s: UTCTimestamp.now_ms() / 1_000) }
        var bytes = 0
        for try await part in response.body {
            bytes += part.readableBytes
            if bytes >= EgressLimits.responseBodyBytes { return }
        }
        // Some sequences end instead of failing when their task is cancelled.
        try Task.checkCancellation()
    }
}
