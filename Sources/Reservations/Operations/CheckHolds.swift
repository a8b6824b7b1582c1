// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Asks who holds resources; changes nothing.
package struct CheckHolds: Sendable {
    /// What may come of one resource. A hold past its expiry is none, swept or not.
    package enum ItemOutcome: Hashable, Sendable {
        /// A unit is free.
        case free
        /// No unit is free; the holder, when exactly one unit is in use (decision Q22).
        case held(by: [UInt8]?)
    }

    /// 1 to `Limits.lockItemsPerCall` resources.
    package let resources: ArraySlice<ResourceName>

    /// A question about these resources; longer lists take several calls.
    package init(_ resources: ArraySlice<ResourceName>) {
        precondition((1...Limits.lockItemsPerCall).contains(resources.count))
        self.resources = resources
    }

    /// One round trip. The call may answer BEHIND; `sweptMs` is the time of the sweep before it is sent again, else 0.
    package func call(for principal: Principal, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.reservationCheck, keys: principal.keys)
        call.append(principal.tag)
        call.append(principal.hasRegisteredResources ? "1" : "0")
        call.append(decimal: sweptMs)
        for resource in resources { call.append(resource.bytes) }
        return call
    }

    /// Reads the reply: one outcome per resource, in order.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> [ItemOutcome] {
        guard reply.isWord("ITEMS"), reply.count == 2 * resources.count else { throw reply.malformed("word") }
        var outcomes: [ItemOutcome] = []
        for first in stride(from: 0, to: reply.count, by: 2) {
            let holder = try reply.bytes(first + 1)
            switch String(decoding: try reply.bytes(first), as: UTF8.self) {
            case "FREE": outcomes.append(.free)
            case "HELD": outcomes.append(.held(by: holder.isEmpty ? nil : holder))
            default: throw reply.malformed("item word")
            }
        }
        return outcomes
    }
}
