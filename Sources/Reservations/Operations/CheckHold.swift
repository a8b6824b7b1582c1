// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Asks who holds a resource; changes nothing.
package struct CheckHold: Sendable {
    package var resource: ResourceName

    /// A question about this resource.
    package init(resource: ResourceName) { self.resource = resource }

    /// What may come of it. A hold past its expiry is none, swept or not.
    package enum Outcome: Hashable, Sendable {
        case free
        case held(by: [UInt8])
    }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationCheck, keys: principal.keys)
        call.append(principal.tag)
        call.append(resource.bytes)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("FREE") { return .free }
        if reply.isWord("HELD") { return .held(by: try reply.bytes(0)) }
        throw reply.malformed("word")
    }
}
