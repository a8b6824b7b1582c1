// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastRuntime
internal import SharedKernel
internal import Synchronization
internal import Webhooks

/// The subscriptions of owners as of a tag; loaded again when the tag is another.
final class SubscriptionCache: Sendable {
    /// What an owner has.
    struct Owned: Sendable {
        let active: [StoredSubscription]
        /// Whether there are active ones whose rows cannot be read, so that nobody knows what they want.
        let isIncomplete: Bool
    }

    private struct Entry: Sendable {
        let tag: [UInt8]
        let owned: Owned
        let readAt: ContinuousClock.Instant

        /// Rows that cannot be read are looked at again: whoever repairs one need not change the tag.
        var isGood: Bool { !owned.isIncomplete || ContinuousClock.now - readAt < SubscriptionCache.incompleteFor }
    }

    /// Beyond it the cache starts anew.
    private static let ownersMax = 10_000
    private static let incompleteFor = Duration.seconds(5)
    private static let triesMax = 5

    private let store: Store
    private let journal: WebhookJournal
    private let entries = Mutex<[TenantID: Entry]>([:])

    init(_ store: Store, _ journal: WebhookJournal) {
        self.store = store
        self.journal = journal
    }

    /// The subscriptions of an owner. `tag` is the owner's status and epoch if the caller has just seen it; nil asks
    /// Redis whether what is known still holds.
    func owned(by owner: TenantID, tag: [UInt8]?) async throws(ScriptFault) -> Owned {
        let known = entries.withLock { $0[owner] }.flatMap { $0.isGood ? $0 : nil }
        if let known, let tag, known.tag == tag { return known.owned }
        for _ in 0..<Self.triesMax {
            if let owned = try await load(owner, known: known) { return owned }
        }
        // Events go on to nobody on a guess: the relay begins again with them.
        throw ScriptFault.malformedReply(
            script: "webhooks/subscriptions", detail: "an owner's subscriptions change faster than they can be read")
    }

    /// Reads every page; nil when the owner changed meanwhile.
    private func load(_ owner: TenantID, known: Entry?) async throws(ScriptFault) -> Owned? {
        var read = ReadSubscriptions(keys: store.keyspace.keys(of: owner))
        read.knownTag = known?.tag ?? []
        var found: [StoredSubscription] = []
        var unreadable: [[UInt8]] = []
        var isIncomplete = false
        var tag: [UInt8]?
        while true {
            let reply = try await store.runner.run(read.call)
            guard let page = try read.page(reply) else { return known?.owned }
            if let tag, tag != page.tag { return nil }
            tag = page.tag
            found += page.subscriptions.filter { $0.status == .active }
            unreadable += page.unreadable
            isIncomplete = isIncomplete || page.isIncomplete
            guard let next = page.nextOffset else { break }
            read.offset = next
            read.knownTag = []
        }
        if !unreadable.isEmpty { journal.recordUnreadable(unreadable, of: owner) }
        let owned = Owned(active: found, isIncomplete: isIncomplete)
        let entry = Entry(tag: tag ?? [], owned: owned, readAt: .now)
        entries.withLock {
            if $0.count >= Self.ownersMax { $0.removeAll(keepingCapacity: true) }
            $0[owner] = entry
        }
        return owned
    }
}
