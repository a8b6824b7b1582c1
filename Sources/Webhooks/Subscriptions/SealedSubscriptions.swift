// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A subscription as far as its sealed secrets go.
package struct SealedSubscription: Sendable {
    /// KEYS of its owner; nil when no owner can be named so.
    package let keys: [[UInt8]]?
    package let id: [UInt8]
    /// Nil when its row is missing or is none.
    package let sealed: [UInt8]?
}

/// Reads the subscriptions of a shard, page by page, in order of creation.
///
/// A page begins with the last creation time of the one before and leaves out what that had, so that a subscription
/// that is deleted meanwhile hides no other.
package struct ScanSealedSubscriptions: Sendable {
    private static let rowsPerCall: Int64 = 100
    private static let fieldsPerRow = 8

    private let shard: Shard
    private var fromMs: Int64?
    /// How many of that time to leave out: none, unless a whole page was of one time.
    private var offset: Int64 = 0
    /// Those of that time that were read.
    private var seen: Set<[UInt8]> = []
    /// Whether all were read.
    package private(set) var isDone = false

    /// A scan that has not begun.
    package init(shard: Shard) { self.shard = shard }

    /// The call for the next page.
    package var call: ScriptCall {
        var call = ScriptCall(.webhooksListSubscriptions, keys: [shard.prefix])
        call.append("")
        call.append("")
        call.append("asc")
        if let fromMs { call.append(decimal: fromMs) } else { call.append("-inf") }
        call.append(decimal: offset)
        call.append(decimal: Self.rowsPerCall)
        return call
    }

    /// Reads the reply and goes on.
    package mutating func page(_ reply: ScriptReply) throws(ScriptFault) -> [SealedSubscription] {
        guard reply.isWord("ROWS") else { throw reply.malformed("word") }
        var found: [SealedSubscription] = []
        let before = fromMs
        var isOneTime = true
        var count: Int64 = 0
        for index in stride(from: 2, to: reply.count, by: Self.fieldsPerRow) {
            let (createdMs, id) = (try reply.int(index), try reply.bytes(index + 1))
            if fromMs != createdMs {
                isOneTime = count == 0
                (fromMs, seen) = (createdMs, [])
            }
            count += 1
            guard seen.insert(id).inserted else { continue }
            let sealed = StoredSubscription.sealed(inRow: try reply.bytes(index + 3))
            found.append(SealedSubscription(keys: keys(try reply.bytes(index + 2)), id: id, sealed: sealed))
        }
        offset = isOneTime ? (before == fromMs ? offset : 0) + count : 0
        isDone = try reply.int(0) == 0
        return found
    }

    private func keys(_ owner: [UInt8]) -> [[UInt8]]? {
        let known = owner == TenantID.system.bytes ? TenantID.system : TenantID(owner)
        return known.map { [shard.prefix, Keyspace.tenant($0, in: shard)] }
    }
}

/// Puts secrets that were sealed anew in the place of the old ones.
package struct ResealSubscription: Sendable {
    /// What became of it.
    package enum Outcome: Sendable {
        case resealed
        /// It was changed meanwhile.
        case changed
        /// It was deleted meanwhile.
        case gone
    }

    /// KEYS of the owner.
    package let keys: [[UInt8]]
    package let id, old, new: [UInt8]

    /// An exchange of these.
    package init(keys: [[UInt8]], id: [UInt8], old: [UInt8], new: [UInt8]) {
        (self.keys, self.id, self.old, self.new) = (keys, id, old, new)
    }

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(.webhooksResealSubscription, keys: keys)
        call.append(id)
        call.append(old)
        call.append(new)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("RESEALED") { return .resealed }
        if reply.isWord("CHANGED") { return .changed }
        guard reply.isWord("NOT_FOUND") else { throw reply.malformed("word") }
        return .gone
    }
}
