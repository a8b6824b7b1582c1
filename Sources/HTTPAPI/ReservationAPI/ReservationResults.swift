// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import Reservations
internal import StrictJSON

/// One item's part of an answer. Documented fields are always present, as `null` where they say nothing.
extension JSONWriter {
    /// What came of an item of a reserve call. A token is written only for the requester who holds the resource.
    mutating func reserveResult(_ item: Acquire.Item, _ outcome: Acquire.ItemOutcome) {
        beginObject()
        key("resource")
        string(item.resource.bytes)
        key("requester")
        string(item.requester.bytes)
        switch outcome {
        case .acquired(let hold): held("ACQUIRED", hold)
        case .alreadyHad(let hold): held("ALREADY_HAD", hold)
        case .alreadyHeld(let holder, let until): refused(item.resource, holder, until)
        }
        endObject()
    }

    private mutating func held(_ status: StaticString, _ hold: Acquire.Hold) {
        key("status")
        string(status)
        key("explanation")
        string(status)
        key("releaseToken")
        string(hold.token)
        key("expiresAt")
        instant(hold.expiry)
        noDerivedHolds()
        key("fencingToken")
        int(hold.fencingToken)
    }

    private mutating func refused(_ resource: ResourceName, _ holder: [UInt8], _ until: HoldExpiry) {
        key("status")
        string("ALREADY_HELD")
        key("explanation")
        string(resource.quoted + [UInt8](" is held by ".utf8) + quote(holder))
        key("releaseToken")
        null()
        key("expiresAt")
        null()
        noDerivedHolds()
        key("fencingToken")
        null()
        key("blockedBy")
        beginArray()
        beginObject()
        key("name")
        string(resource.bytes)
        key("kind")
        string("RESOURCE")
        key("holder")
        string(holder)
        key("until")
        instant(until)
        endObject()
        endArray()
    }

    /// A resource known by its name alone has no slot, no blockers, no ancestors.
    private mutating func noDerivedHolds() {
        key("acquiredSlots")
        null()
        key("acquiredBlockers")
        null()
        key("reservedAtPath")
        null()
    }

    private mutating func instant(_ expiry: HoldExpiry) {
        guard let ms = expiry.ms else { return null() }
        var text: [UInt8] = []
        text.reserveCapacity(24)
        UTCTimestamp(milliseconds: ms).append(to: &text)
        string(text)
    }

    /// What came of an item of an unreserve call.
    mutating func releaseResult(_ item: ReleaseHolds.Item, _ outcome: ReleaseHolds.ItemOutcome) {
        beginObject()
        key("resource")
        string(item.resource.bytes)
        key("requester")
        string(item.requester.bytes)
        key("status")
        switch outcome {
        case .relinquished:
            string("RELINQUISHED")
            key("explanation")
            string("RELINQUISHED")
        case .notReserved:
            string("NOT_RESERVED")
            key("explanation")
            string("NOT_RESERVED")
        case .notOwner:
            string("DOESNT_OWN_RESERVATION")
            key("explanation")
            string(item.resource.quoted + [UInt8](" is held by another requester".utf8))
        case .badToken:
            string("DOESNT_OWN_RESERVATION")
            key("explanation")
            string(
                [UInt8]("releaseToken is \(item.token == nil ? "missing or malformed" : "not the one"): ".utf8)
                    + item.resource.quoted + [UInt8](" stays reserved".utf8))
        }
        key("released")
        if case .relinquished = outcome {
            beginArray()
            string(item.resource.bytes)
            endArray()
        } else {
            null()
        }
        endObject()
    }
}

extension ResourceName {
    /// The name between quotes, for explanations.
    fileprivate var quoted: [UInt8] { quote(bytes) }
}

private func quote(_ name: [UInt8]) -> [UInt8] { [39] + name + [39] }
