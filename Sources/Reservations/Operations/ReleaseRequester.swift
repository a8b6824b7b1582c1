// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Gives back everything that a requester holds, without tokens (digest 2.2), some per call.
package struct ReleaseRequester: Sendable {
    /// Where a call goes on.
    package struct Place: Hashable, Sendable {
        let after, till: [UInt8]
    }

    /// What a call did.
    package struct Step: Hashable, Sendable {
        /// Reservations released.
        package let released: Int64
        /// Reservations left because a record is corrupt.
        package let failed: Int64
        /// Where the next call goes on; nil when all was looked at.
        package let next: Place?
    }

    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        case step(Step)
        case tenantClosed
    }

    package let requester: Requester
    package let place: Place?
    /// JSON of request and actor, for events; needed only of a principal that wants events of resources.
    package let context: [UInt8]

    /// The first call, or the one that goes on.
    package init(_ requester: Requester, from place: Place? = nil, context: [UInt8] = []) {
        self.requester = requester
        self.place = place
        self.context = context
    }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationReleaseRequester, keys: principal.keys)
        call.append(principal.tag)
        call.append(requester.bytes)
        call.append(place?.after ?? [48])
        call.append(place?.till ?? [])
        call.append(decimal: Limits.holdsReleasedPerCall)
        call.append(context)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        guard reply.isWord("RELEASED") else { throw reply.malformed("word") }
        let next = Place(after: try reply.bytes(2), till: try reply.bytes(3))
        return .step(
            Step(
                released: try reply.int(0), failed: try reply.int(1), next: try reply.int(4) == 1 ? next : nil))
    }
}
