// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Takes the place of a live event stream, for as long as `Limits.streamLeaseMs`.
package struct OpenEventStream: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// The number of the tenant's last event.
        case opened(last: Int64)
        /// There are as many as may be; ms until the first of their leases ends.
        case limited(tillMs: Int64?)
        case tenantClosed
    }

    /// No other stream has it.
    package let id: [UInt8]

    /// A place for a stream.
    package init(id: [UInt8]) { self.id = id }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationOpenStream, keys: principal.keys)
        call.append(principal.tag)
        call.append(id)
        call.append(decimal: Limits.streamLeaseMs)
        call.append(principal.quotas.eventStreams.map { "\($0)" } ?? "")
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("LIMITED") { return .limited(tillMs: try reply.bytes(0).isEmpty ? nil : try reply.int(0)) }
        guard reply.isWord("OPENED") else { throw reply.malformed("word") }
        return .opened(last: try reply.int(0))
    }
}

/// Keeps the places of live event streams of a tenant.
package struct RenewEventStreams: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// The tenant's present tag, and the number of its last event.
        case renewed(tag: [UInt8], last: Int64)
        /// The tenant is not there any more, or closed.
        case gone
    }

    package let keys: [[UInt8]]
    /// 1 to `Limits.streamLeasesPerCall`.
    package let ids: ArraySlice<[UInt8]>

    /// Streams of the tenant with these keys.
    package init(keys: [[UInt8]], ids: ArraySlice<[UInt8]>) {
        precondition((1...Limits.streamLeasesPerCall).contains(ids.count))
        self.keys = keys
        self.ids = ids
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.reservationRenewStreams, keys: keys)
        call.append(decimal: Limits.streamLeaseMs)
        for id in ids { call.append(id) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("GONE") { return .gone }
        guard reply.isWord("RENEWED") else { throw reply.malformed("word") }
        return .renewed(tag: try reply.bytes(0), last: try reply.int(1))
    }
}

/// Gives the places of event streams of a tenant back.
package struct CloseEventStreams: Sendable {
    package let keys: [[UInt8]]
    /// 1 to `Limits.streamLeasesPerCall`.
    package let ids: ArraySlice<[UInt8]>

    /// Streams of the tenant with these keys.
    package init(keys: [[UInt8]], ids: ArraySlice<[UInt8]>) {
        precondition((1...Limits.streamLeasesPerCall).contains(ids.count))
        self.keys = keys
        self.ids = ids
    }

    /// One round trip; the reply says nothing that matters.
    package var call: ScriptCall {
        var call = ScriptCall(.reservationCloseStreams, keys: keys)
        for id in ids { call.append(id) }
        return call
    }
}

/// Takes away the places of event streams whose server died. The reply: EXPIRED, ended, failed, whether more is due.
package struct EndEventStreams: Sendable {
    package let keys: [[UInt8]]

    /// Streams of the tenant with these keys.
    package init(keys: [[UInt8]]) { self.keys = keys }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.reservationEndStreams, keys: keys)
        call.append(decimal: Int64(Limits.sweepBatchMax))
        return call
    }
}
