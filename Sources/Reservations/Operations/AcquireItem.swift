// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// One resource for one requester, as asked for.
package struct AcquireItem: Sendable {
    package var requester: Requester
    package var resource: ResourceName
    /// 1 ms to `Limits.lockTTLSecondsMax`; nil for a hold that never ends by itself.
    package var ttlMs: Int64?
    package var type: ResourceType
    /// Only asks what would be: nothing is taken.
    package var isQuestion: Bool
    /// What the hold is released with, if this item takes it. A call sent twice is known by it.
    package var token: ReleaseToken

    /// An item of these parts.
    package init(
        requester: Requester, resource: ResourceName, ttlMs: Int64?, type: ResourceType, isQuestion: Bool = false,
        token: ReleaseToken = .random()
    ) {
        self.requester = requester
        self.resource = resource
        self.ttlMs = ttlMs
        self.type = type
        self.isQuestion = isQuestion
        self.token = token
    }
}

extension AcquireItem {
    /// Two items with the same key are one reservation at most.
    package var reservationKey: [UInt8] { requester.bytes + [0] + resource.bytes }
}

/// What came of one item.
package enum AcquireOutcome: Hashable, Sendable {
    case acquired(Hold)
    /// The requester holds it already, by an earlier call or item.
    case alreadyHad(Hold)
    /// It would be acquired so; nothing was taken.
    case available(Hold)
    /// The resource has one unit, and that is held.
    case alreadyHeld([Obstacle])
    /// No unit is free, or something that it takes along is not.
    case notAvailable([Obstacle])
    /// No such slot.
    case notValid

    /// Whether the requester holds the resource now.
    package var isHeld: Bool {
        switch self {
        case .acquired, .alreadyHad: true
        case .available, .alreadyHeld, .notAvailable, .notValid: false
        }
    }

    /// The hold that this is about.
    package var hold: Hold? {
        switch self {
        case .acquired(let hold), .alreadyHad(let hold), .available(let hold): hold
        case .alreadyHeld, .notAvailable, .notValid: nil
        }
    }
}

/// The limit of concurrent reservations stands in the way; nothing was taken.
package struct ConcurrencyLimit: Hashable, Sendable {
    /// Reservations held.
    package var held: Int64
    /// When the first of them ends, ms since the epoch; nil when none ends by itself.
    package var firstEndMs: Int64?

    /// A limit met with these facts.
    package init(held: Int64, firstEndMs: Int64?) {
        self.held = held
        self.firstEndMs = firstEndMs
    }

    init(_ reply: ScriptReply) throws(ScriptFault) {
        held = try reply.int(0)
        firstEndMs = try reply.bytes(1).isEmpty ? nil : try reply.int(1)
    }
}

extension AcquireItem {
    /// The words of one item.
    func append(to call: inout ScriptCall) {
        call.append(requester.bytes)
        call.append(resource.bytes)
        call.append(decimal: ttlMs ?? 0)
        call.append(type.bytes)
        call.append(token.bytes)
    }
}

extension AcquireOutcome {
    /// Words of one item in a reply of `reservation/claim` and `reservation/transact`.
    static let claimedWords = 7

    /// Reads them from field `first` on.
    init(claimed reply: ScriptReply, at first: Int) throws(ScriptFault) {
        let word = String(decoding: try reply.bytes(first), as: UTF8.self)
        switch word {
        case "ACQUIRED": self = .acquired(try Self.hold(reply, at: first))
        case "ALREADY_HAD": self = .alreadyHad(try Self.hold(reply, at: first))
        case "AVAILABLE":
            var hold = try Self.hold(reply, at: first)
            hold.token = []
            self = .available(hold)
        case "ALREADY_HELD", "NOT_AVAILABLE":
            guard let obstacles = Obstacle.read(try reply.bytes(first + 6)) else { throw reply.malformed("obstacles") }
            self = word == "ALREADY_HELD" ? .alreadyHeld(obstacles) : .notAvailable(obstacles)
        case "NOT_VALID": self = .notValid
        default: throw reply.malformed("item word")
        }
    }

    private static func hold(_ reply: ScriptReply, at first: Int) throws(ScriptFault) -> Hold {
        guard
            let along = TakenAlong(extension: try reply.bytes(first + 5), unit: try reply.bytes(first + 4))
        else { throw reply.malformed("extension") }
        let fence = try reply.bytes(first + 2).isEmpty ? nil : try reply.int(first + 2)
        return Hold(
            token: try reply.bytes(first + 3), expiry: HoldExpiry(replied: try reply.int(first + 1)),
            fencingToken: fence, along: along)
    }
}
