// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastRuntime
internal import LuaCatalog
internal import SharedKernel
internal import Synchronization
internal import Webhooks

/// What the operator allows of webhooks' targets, as stored, at most a second ago.
final class SecuritySource: Sendable {
    private static let goodFor = Duration.seconds(1)

    private let store: Store
    private let known = Mutex<(security: WebhookSecurity, at: ContinuousClock.Instant)?>(nil)

    init(_ store: Store) { self.store = store }

    /// The configuration in force.
    func current() async throws(ScriptFault) -> WebhookSecurity {
        if let known = known.withLock({ $0 }), ContinuousClock.now - known.at < Self.goodFor { return known.security }
        let reply = try await store.runner.run(ScriptCall(.webhooksGetSecurity, keys: [Keyspace.webhookSecurity]))
        guard reply.isWord("SECURITY"), let security = WebhookSecurity(stored: try reply.bytes(0)) else {
            throw reply.malformed("security")
        }
        known.withLock { $0 = (security, ContinuousClock.now) }
        return security
    }
}
