// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Frees the holds of one tenant that are past their expiry; idempotent, so any number of workers may run it.
package struct ExpireHolds: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// At most so many in the call, 1 to `Limits.sweepBatchMax`.
    package var limit = Limits.sweepBatchMax

    /// A sweep of this tenant.
    package init(keys: [[UInt8]]) { self.keys = keys }

    /// What a sweep did.
    package struct Swept: Hashable, Sendable {
        /// Holds ended.
        package var ended: Int64
        /// Entries set aside for a minute because their record is corrupt.
        package var failed: Int64
        /// Whether more are due now.
        package var hasMore: Bool

        /// A result of these facts.
        package init(ended: Int64, failed: Int64, hasMore: Bool) {
            self.ended = ended
            self.failed = failed
            self.hasMore = hasMore
        }
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.reservationExpire, keys: keys)
        call.append(decimal: Int64(limit))
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Swept {
        guard reply.isWord("EXPIRED") else { throw reply.malformed("word") }
        return Swept(ended: try reply.int(0), failed: try reply.int(1), hasMore: try reply.int(2) == 1)
    }
}
