// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastRuntime
internal import SharedKernel
internal import Synchronization
internal import Webhooks

/// The subscriptions of owners as of a tag; loaded again when the tag is another.
final class SubscriptionCache: Sendable {
    private struct Entry: Sendable {
        let tag: [UInt8]
        let active: [StoredSubscription]
    }

    /// Beyond it the cache starts anew.
    private static let ownersMax = 10_000

    private let store: Store
    private let entries = Mutex<[TenantID: Entry]>([:])

    init(_ store: Store) { self.store = store }

    /// The active subscriptions of an owner. `tag` is the owner's status and epoch if the caller has just seen it; nil
    /// asks Redis whether what is known still holds.
    func active(of owner: TenantID, tag: [UInt8]?) async throws(ScriptFault) -> [StoredSubscription] {
        let known = entries.withLock { $0[owner] }
        if let known, let tag, known.tag == tag { return known.active }
        for _ in 0..<Self.triesMax {
            if let active = try await load(owner, known: known) { return active }
        }
        // Events go on to nobody on a guess: the relay begins again with them.
        throw ScriptFault.malformedReply(
            script: "webhooks/subscriptions", detail: "an owner's subscriptions change faster than they can be read")
    }

    private static let triesMax = 5

    /// Reads every page; nil when the owner changed meanwhile.
    private func load(_ owner: TenantID, known: Entry?) async throws(ScriptFault) -> [StoredSubscription]? {
        var read = ReadSubscriptions(keys: store.keyspace.keys(of: owner))
        read.knownTag = known?.tag ?? []
        var found: [StoredSubscription] = []
        var tag: [UInt8]?
        while true {
            let reply = try await store.runner.run(read.call)
            guard let page = try read.page(reply) else { return known?.active ?? [] }
            if let tag, tag != page.tag { return nil }
            tag = page.tag
            found += page.subscriptions.filter { $0.status == .active }
            guard let next = page.nextOffset else { break }
            read.offset = next
            read.knownTag = []
        }
        let entry = Entry(tag: tag ?? [], active: found)
        entries.withLock {
            if $0.count >= Self.ownersMax { $0.removeAll(keepingCapacity: true) }
            $0[owner] = entry
        }
        return found
    }
}
