// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What clients asked of locks and what they were told, each call timed by one monotonic clock.
struct LockHistory: Sendable {
    var calls: [Call] = []
    /// When connections to Redis were cut. A server sends again what it was waiting for then, so that such a call may
    /// have been carried out twice, and its answer tells only of the second time.
    var cuts: [Stretch] = []
    /// What was left when nobody held anything any more.
    var end = End()

    /// One HTTP request.
    struct Call: Sendable {
        var client: Int
        var request: Request
        /// From before it was sent until its answer was there; without an answer, until nothing of it could be under
        /// way any more, or without end.
        var window: Stretch
        /// One for each item; fewer when the last ones were not tried.
        var answers: [Answer]
    }

    /// What a client asks for.
    struct Request: Hashable, Sendable {
        enum Verb: String, Hashable, Sendable {
            case reserve, unreserve, renew, check
            /// Bulk release: the item has a requester alone.
            case releaseAll
            /// The operator's release: the item has a resource alone.
            case force
        }

        /// How the items of a transaction depend on each other.
        enum Method: String, CaseIterable, Hashable, Sendable {
            case allOrNone = "ALL_OR_NONE"
            case asManyAsPossible = "AS_MANY_AS_POSSIBLE"
            case first = "FIRST"
        }

        var verb: Verb
        /// Nil for items that are independent of each other.
        var method: Method?
        var items: [Item]
    }

    /// One resource of one requester; which of the other fields are sent depends on the verb.
    struct Item: Hashable, Sendable, CustomStringConvertible {
        var requester = ""
        var resource = ""
        var token = ""
        /// Nil for a hold that lasts until it is released.
        var ttlSeconds: Int64?

        var description: String {
            "'\(resource)' for '\(requester)'" + (token.isEmpty ? "" : " by \(token)")
                + (ttlSeconds.map { " for \($0) s" } ?? "")
        }
    }

    /// A hold as its requester is told of it.
    struct Grant: Hashable, Sendable {
        /// The secret to release it with.
        var token: String
        var fence: Int64
        /// By the name of the pool: its own slot, and those of blockers.
        var slots: [String: String] = [:]
        var blockers: [String] = []
        /// Ancestors and the resource, root first; empty outside a tree.
        var path: [String] = []
    }

    /// Something that was in the way.
    struct Obstacle: Hashable, Sendable, CustomStringConvertible {
        enum Kind: String, Hashable, Sendable {
            case resource = "RESOURCE"
            case blocker = "BLOCKER"
            case ancestor = "ANCESTOR"
        }

        var name: String
        var kind: Kind
        /// Nil when there is no one holder.
        var holder: String?

        var description: String { "\(kind.rawValue) '\(name)' of \(holder.map { "'\($0)'" } ?? "several")" }
    }

    /// What was said of one item.
    enum Answer: Hashable, Sendable {
        case acquired(Grant)
        case alreadyHad(Grant)
        case renewed(Grant)
        /// ALREADY_HELD or NOT_AVAILABLE, with all that was in the way.
        case refused([Obstacle])
        /// It could have been taken, or given back, and was not, because of another item.
        case rolledBack
        /// The pool has no such slot.
        case notValid
        /// Everything that became free.
        case relinquished([String])
        case notReserved
        /// The token fits, the requester does not.
        case notOwner
        case badToken
        case free
        /// No unit is free; the holder when there is exactly one.
        case held(by: String?)
        case releasedAll(Int64)
        case forced(from: String, [String])
        /// 400: several hold units of it, or it is held along with something else.
        case notForced
        /// Not looked at, as one before it was enough.
        case untried
        /// No answer: the connection was cut, the server died, the client did; or a 503.
        case unknown
        /// Nothing that the protocol provides for.
        case strange(String)
    }

    /// What is left in the end.
    struct End: Sendable {
        /// A node of the tree of resources.
        struct Node: Hashable, Sendable {
            var name: String
            var capacity: Int64
            var available: Int64
        }

        var nodes: [Node] = []
        /// Keys of holds, of what is derived from them, and of their indexes.
        var keys: [String] = []
    }
}

extension LockHistory {
    /// Who holds blockers.
    static let system = "__system__"

    /// One item of a call, with what was said of it.
    struct Entry: Sendable {
        /// The place of the call in the history.
        let call: Int
        let verb: Request.Verb
        let method: Request.Method?
        let item: Item
        let answer: Answer
        let window: Stretch
        /// Whether a server may have sent it twice.
        let mayBeTwice: Bool

        /// Whether it may have taken something that its answer says nothing of.
        var mayHaveTaken: Bool {
            guard verb == .reserve else { return false }
            switch answer {
            case .acquired: return false
            case .unknown: return true
            default: return mayBeTwice
            }
        }
    }

    /// All items of all calls.
    var entries: [Entry] {
        calls.enumerated().flatMap { index, call in
            // Releases as one transaction are never sent twice.
            let isSentOnce = call.request.verb == .unreserve && call.request.method != nil
            let mayBeTwice = !isSentOnce && cuts.contains { $0.overlaps(call.window) }
            return call.request.items.enumerated().map { number, item in
                Entry(
                    call: index, verb: call.request.verb, method: call.request.method, item: item,
                    answer: number < call.answers.count ? call.answers[number] : .untried, window: call.window,
                    mayBeTwice: mayBeTwice)
            }
        }
    }
}
