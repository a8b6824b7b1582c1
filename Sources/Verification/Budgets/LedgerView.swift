// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// A tenant's live reservations and some of its ledgers, all as of one instant.
struct LedgerView {
    /// The reservations by hash.
    let live: [[UInt8]]
    private let replies: ArraySlice<RedisReply>
    private let count: Int

    /// `replies`: the value of each ledger, then each one's score in the directory.
    init(live: [[UInt8]], replies: ArraySlice<RedisReply>) {
        self.live = live
        self.replies = replies
        count = replies.count / 2
    }

    /// The value of a ledger, by its position in the question.
    func value(_ index: Int) -> RedisReply { replies[replies.startIndex + index] }

    /// Whether the directory lists it.
    func isListed(_ index: Int) -> Bool { replies[replies.startIndex + count + index].bytes != nil }
}

/// Takes such views.
struct LedgerViews {
    /// Attempts at a list too long for one transaction.
    private static let attempts = 4

    let place: TenantPlace
    let reader: BatchReader
    let atomicMax: Int

    /// One transaction lists the live reservations and reads the ledgers. A list too long for that is read in pieces,
    /// which counts if neither the list nor a ledger has changed meanwhile; nil if they always do.
    func view(of entries: [LedgerEntry]) async throws(VerificationError) -> LedgerView? {
        let ledgers =
            entries.map { Read.value(place.ledger($0)) }
            + entries.map { Read.score(place.directory, $0.bytes) }
        // Reserving raises the row count and ending lowers the count: while both stay the same, so does the list.
        let stamp = [Read.count(place.due), Read.value(place.rowCount)]
        let facts = stamp + ledgers
        for _ in 0..<Self.attempts {
            let length = Int(try await reader.read(Read.count(place.due)).integer ?? 0)
            let pages = (0..<(length / Read.page + 2)).map { Read.members(place.due, from: $0 * Read.page) }
            let isAtomic = length <= atomicMax
            let replies =
                isAtomic
                ? try await reader.readAtOnce(facts + pages) : try await reader.read(facts + pages + facts)
            let live = replies[facts.count..<(facts.count + pages.count)].flatMap(\.members)
            let isSettled = isAtomic || replies.prefix(facts.count).elementsEqual(replies.suffix(facts.count))
            if isSettled, Int(replies[0].integer ?? 0) == live.count {
                return LedgerView(live: live, replies: replies[stamp.count..<facts.count])
            }
        }
        return nil
    }
}
