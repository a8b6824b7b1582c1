// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A call about one named lock. A request with several items becomes several calls with the same windows.
typealias LockCall = Call<LockRequest, LockAnswer>

/// What a client may ask of locks.
enum LockRequest: Hashable, Sendable {
    /// Without a TTL the hold lasts until it is released.
    case acquire(requester: String, name: String, ttlSeconds: Int64?)
    case release(requester: String, name: String, token: String)
    case check(name: String)

    var name: String {
        switch self {
        case .acquire(_, let name, _), .release(_, let name, _), .check(let name): name
        }
    }
}

/// What came back.
enum LockAnswer: Answer {
    case acquired(Hold)
    case alreadyHad(Hold)
    case alreadyHeld(by: String, untilMs: Int64?)
    case relinquished
    case notReserved
    /// 403: no token or a wrong one.
    case badToken
    /// The token fits, the requester does not.
    case notOwner
    case heldBy(String)
    case free
    /// A 503.
    case unknown(claimsNoEffect: Bool)
    /// Nothing that the protocol provides for.
    case strange(String)

    /// A hold as its requester sees it.
    struct Hold: Hashable, Sendable {
        /// The secret to release it with.
        var token: String
        /// The fencing token: µs since the epoch at which it was granted, or a little more.
        var fence: Int64
        /// Nil for a hold that does not end by itself.
        var expiresMs: Int64?
    }

    var isUnknown: Bool {
        if case .unknown = self { return true }
        return false
    }

    var claimsNoEffect: Bool { self == .unknown(claimsNoEffect: true) }
}
