// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel
internal import StrictJSON

/// Reads an owner's subscriptions to match events with, page by page.
package struct ReadSubscriptions: Sendable {
    /// A page of them.
    package struct Page: Sendable {
        /// The owner's status letter, epoch and marks; empty when the owner never had anything.
        package let tag: [UInt8]
        package let subscriptions: [StoredSubscription]
        /// Ids whose rows are missing or cannot be read.
        package let unreadable: [[UInt8]]
        /// Whether one of these is active: its events are not known then.
        package let isIncomplete: Bool
        /// Where the next page begins; nil for the last.
        package let nextOffset: Int64?
    }

    /// KEYS of the owner.
    package let keys: [[UInt8]]
    /// The tag under which they are known already; empty for none.
    package var knownTag: [UInt8] = []
    /// How many to leave out.
    package var offset: Int64 = 0
    /// At most so many in a page, 1 to 500.
    package var limit: Int64 = 500

    /// The subscriptions of an owner with these KEYS.
    package init(keys: [[UInt8]]) { self.keys = keys }

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(.webhooksSubscriptions, keys: keys)
        call.append(knownTag)
        call.append(decimal: offset)
        call.append(decimal: limit)
        return call
    }

    /// Reads the reply; nil when what is known still holds.
    package func page(_ reply: ScriptReply) throws(ScriptFault) -> Page? {
        if reply.isWord("SAME") { return nil }
        guard reply.isWord("ROWS") else { throw reply.malformed("word") }
        var found: [StoredSubscription] = []
        var unreadable: [[UInt8]] = []
        var isIncomplete = false
        for index in stride(from: 2, to: reply.count, by: 3) {
            let (id, row, since) = (try reply.bytes(index), try reply.bytes(index + 1), try reply.bytes(index + 2))
            if var stored = StoredSubscription(id: id, row: row) {
                if let since = parseDecimalInt64(since) { stored.activeSinceMs = since }
                found.append(stored)
            } else {
                unreadable.append(id)
                if row.first == SubscriptionStatus.active.rawValue { isIncomplete = true }
            }
        }
        let read = Int64(found.count + unreadable.count)
        return Page(
            tag: try reply.bytes(0), subscriptions: found, unreadable: unreadable, isIncomplete: isIncomplete,
            nextOffset: try reply.int(1) == 1 ? offset + read : nil)
    }
}
