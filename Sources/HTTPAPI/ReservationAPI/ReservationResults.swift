// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// One item's part of an answer. Documented fields are always present, as `null` where they say nothing.
extension JSONWriter {
    /// What came of an item of a reserve call. A token is written only for the requester who holds the resource.
    mutating func reserveResult(_ item: AcquireItem, _ outcome: AcquireOutcome, isQuestion: Bool = false) {
        beginResult(item.requester, item.resource)
        switch outcome {
        case .acquired(let hold): held("ACQUIRED", hold)
        case .alreadyHad(let hold): held("ALREADY_HAD", hold)
        case .available(let hold): held("AVAILABLE", hold)
        case .alreadyHeld(let obstacles): refused("ALREADY_HELD", item.resource, obstacles)
        case .notAvailable(let obstacles): refused("NOT_AVAILABLE", item.resource, obstacles)
        case .notValid: notHeld("NOT_VALID", explanation: item.resource.quoted + utf8(" is no slot of its pool"))
        }
        if isQuestion {
            key("dryRun")
            bool(true)
        }
        endObject()
    }

    /// An item of a transaction that failed because of others: it could have been had.
    mutating func rolledBackResult(_ item: AcquireItem) {
        beginResult(item.requester, item.resource)
        notHeld(
            "NOT_AVAILABLE",
            explanation: item.resource.quoted + utf8(" was free; it is rolled back, because another item was not free"))
        endObject()
    }

    /// What came of an item of a renew call.
    mutating func renewResult(_ item: ReleaseItem, _ outcome: RenewHolds.ItemOutcome) {
        beginResult(item.requester, item.resource)
        switch outcome {
        case .renewed(let hold): held("RENEWED", hold)
        case .notReserved: notHeld("NOT_RESERVED", explanation: utf8("NOT_RESERVED"))
        case .notOwner: notHeld("DOESNT_OWN_RESERVATION", explanation: item.ownerExplanation)
        case .badToken: notHeld("DOESNT_OWN_RESERVATION", explanation: item.tokenExplanation)
        }
        endObject()
    }

    /// What came of an item of an unreserve call.
    mutating func releaseResult(_ item: ReleaseItem, _ outcome: ReleaseOutcome) {
        beginResult(item.requester, item.resource)
        switch outcome {
        case .relinquished: status("RELINQUISHED", utf8("RELINQUISHED"))
        case .notReserved: status("NOT_RESERVED", utf8("NOT_RESERVED"))
        case .notOwner: status("DOESNT_OWN_RESERVATION", item.ownerExplanation)
        case .badToken: status("DOESNT_OWN_RESERVATION", item.tokenExplanation)
        case .rolledBack:
            status(
                "ROLLED_BACK",
                item.resource.quoted + utf8(" stays reserved: rolled back, because another item could not be released"))
        }
        key("released")
        if case .relinquished(let names) = outcome {
            strings(names)
        } else {
            null()
        }
        endObject()
    }

    /// An array of names.
    mutating func strings(_ names: [[UInt8]]) {
        beginArray()
        for name in names { string(name) }
        endArray()
    }

    /// A time in UTC, or null.
    mutating func instant(ms: Int64?) {
        guard let ms else { return null() }
        var text: [UInt8] = []
        text.reserveCapacity(24)
        UTCTimestamp(milliseconds: ms).append(to: &text)
        string(text)
    }

    private mutating func beginResult(_ requester: Requester, _ resource: ResourceName) {
        beginObject()
        key("resource")
        string(resource.bytes)
        key("requester")
        string(requester.bytes)
    }

    private mutating func status(_ status: StaticString, _ explanation: [UInt8]) {
        key("status")
        string(status)
        key("explanation")
        string(explanation)
    }

    private mutating func held(_ word: StaticString, _ hold: Hold) {
        status(word, utf8(word))
        key("releaseToken")
        if hold.token.isEmpty { null() } else { string(hold.token) }
        key("expiresAt")
        instant(ms: hold.expiry.ms)
        takenAlong(hold.along)
        key("fencingToken")
        if let fence = hold.fencingToken { int(fence) } else { null() }
    }

    private mutating func takenAlong(_ along: TakenAlong) {
        key("acquiredSlots")
        if along.slots.isEmpty {
            null()
        } else {
            beginObject()
            for slot in along.slots {
                key(slot.pool)
                string(slot.slot)
            }
            endObject()
        }
        key("acquiredBlockers")
        if along.blockers.isEmpty { null() } else { strings(along.blockers) }
        key("reservedAtPath")
        if let path = along.path { string(path) } else { null() }
    }

    private mutating func refused(_ word: StaticString, _ resource: ResourceName, _ obstacles: [Obstacle]) {
        let explanation =
            obstacles.first?.explanation(of: resource)
            ?? resource.quoted + utf8(" was not taken: the limit of concurrent reservations is reached")
        notHeld(word, explanation: explanation)
        guard !obstacles.isEmpty else { return }
        key("blockedBy")
        beginArray()
        for obstacle in obstacles { self.obstacle(obstacle) }
        endArray()
    }

    private mutating func obstacle(_ obstacle: Obstacle) {
        beginObject()
        key("name")
        string(obstacle.name)
        key("kind")
        string(obstacle.kind.rawValue)
        key("holder")
        if let holder = obstacle.holder { string(holder) } else { null() }
        key("until")
        instant(ms: obstacle.untilMs)
        endObject()
    }

    private mutating func notHeld(_ word: StaticString, explanation: [UInt8]) {
        status(word, explanation)
        key("releaseToken")
        null()
        key("expiresAt")
        null()
        key("acquiredSlots")
        null()
        key("acquiredBlockers")
        null()
        key("reservedAtPath")
        null()
        key("fencingToken")
        null()
    }
}

extension Obstacle {
    /// A sentence that names the bottleneck (decision X11).
    fileprivate func explanation(of resource: ResourceName) -> [UInt8] {
        let what: [UInt8]
        switch kind {
        case .resource: what = resource.quoted
        case .blocker: what = resource.quoted + utf8(" needs ") + quote(name) + utf8(", which")
        case .ancestor: what = resource.quoted + utf8(" is below ") + quote(name) + utf8(", which")
        }
        guard let holder else { return what + utf8(kind == .blocker ? " is not free" : " has no free unit") }
        return what + utf8(" is held by ") + quote(holder)
    }
}

extension ReleaseItem {
    fileprivate var ownerExplanation: [UInt8] { resource.quoted + utf8(" is held by another requester") }

    fileprivate var tokenExplanation: [UInt8] {
        utf8("releaseToken is \(token == nil ? "missing or malformed" : "not the one"): ") + resource.quoted
            + utf8(" stays reserved")
    }
}

extension ResourceName {
    /// The name between quotes, for explanations.
    fileprivate var quoted: [UInt8] { quote(bytes) }
}

private func quote(_ name: [UInt8]) -> [UInt8] { [39] + name + [39] }

private func utf8(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

private func utf8(_ text: StaticString) -> [UInt8] { text.withUTF8Buffer { [UInt8]($0) } }
