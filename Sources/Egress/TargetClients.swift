// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import AsyncHTTPClient
internal import Synchronization

/// What connections are kept for. Two names at one address do not share any, because TLS has verified one of them.
struct TargetKey: Sendable, Hashable {
    let scheme: TargetURL.Scheme
    let host: TargetURL.Host
    let port: Int
    let address: IPAddress
}

/// The HTTP clients of the targets sent to lately. The one out of use for the longest gives way; one in use never does.
final class TargetClients: Sendable {
    private struct Entry {
        let client: HTTPClient
        var uses = 0
        /// Grows with every lease.
        var lastUse: UInt64 = 0
    }

    private struct State {
        var entries: [TargetKey: Entry] = [:]
        var leases: UInt64 = 0
        var isClosed = false
    }

    private let factory: TargetClientFactory
    private let kept: Int
    private let state = Mutex(State())

    init(factory: TargetClientFactory, kept: Int) {
        self.factory = factory
        self.kept = kept
    }

    deinit {
        for entry in self.state.withLock({ $0.entries.values }) { entry.client.shutdown { _ in } }
    }

    /// How many targets have a client at the moment.
    var count: Int { self.state.withLock { $0.entries.count } }

    /// Runs `body` with the client of a target; nil after `close`.
    func withClient<Value: Sendable>(
        of key: TargetKey, _ body: (HTTPClient) async -> Value
    ) async -> Value? {
        guard let client = self.lease(key) else { return nil }
        let value = await body(client)
        self.release(key)
        return value
    }

    /// Ends all clients; whoever has one had better be finished.
    func close() async {
        let clients = self.state.withLock { state in
            defer { state.entries = [:] }
            state.isClosed = true
            return state.entries.values.map(\.client)
        }
        await withTaskGroup { group in
            for client in clients { group.addTask { try? await client.shutdown() } }
        }
    }

    private func lease(_ key: TargetKey) -> HTTPClient? {
        self.state.withLock { state in
            guard !state.isClosed else { return nil }
            var entry = state.entries[key] ?? Entry(client: self.factory.make(key))
            state.leases += 1
            entry.uses += 1
            entry.lastUse = state.leases
            state.entries[key] = entry
            return entry.client
        }
    }

    private func release(_ key: TargetKey) {
        let surplus = self.state.withLock { state -> HTTPClient? in
            state.entries[key]?.uses -= 1
            guard state.entries.count > self.kept else { return nil }
            let idle = state.entries.filter { $0.value.uses == 0 }
            guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
            state.entries[oldest.key] = nil
            return oldest.value.client
        }
        surplus?.shutdown { _ in }
    }
}
