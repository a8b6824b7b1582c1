// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Takes a reservation away without its token, in the name of the operator (digest 2, row 16).
package struct ForceRelease: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// Who had it, and the names freed: its own, blockers, ancestors.
        case forced(from: [UInt8], freed: [[UInt8]])
        case notReserved
        /// So many hold a unit: one has to be named.
        case several(Int64)
        /// It is held along with another resource.
        case derived
        case noTenant
        case tenantClosed
    }

    package let resource: ResourceName
    /// JSON of the audit entry.
    package let entry: [UInt8]
    /// JSON of request and actor, for events.
    package let context: [UInt8]

    /// A call of these parts.
    package init(_ resource: ResourceName, entry: [UInt8], context: [UInt8]) {
        self.resource = resource
        self.entry = entry
        self.context = context
    }

    /// One round trip.
    package func call(keys: [[UInt8]]) -> ScriptCall {
        var call = ScriptCall(.reservationForceRelease, keys: keys, reservingBytes: 512 + entry.count)
        call.append(resource.bytes)
        call.append(entry)
        call.append(context)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("NO_TENANT") { return .noTenant }
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("FREE") { return .notReserved }
        if reply.isWord("SEVERAL") { return .several(try reply.int(0)) }
        if reply.isWord("DERIVED") { return .derived }
        guard reply.isWord("FORCED") else { throw reply.malformed("word") }
        return .forced(from: try reply.bytes(0), freed: try reply.bytes(1).split(separator: 9).map { Array($0) })
    }
}
