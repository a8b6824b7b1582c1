// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Gives back what expired reservations of one tenant hold; idempotent, so any number of workers may run it.
package struct Expire: Sendable {
    /// The tenant's keys.
    package var keys: [[UInt8]]
    /// At most so many in the call.
    package var limit = Limits.expirationsPerCall
    /// How long the expired records are kept, ms.
    package var keepMs: Int64

    /// A sweep of this tenant.
    package init(keys: [[UInt8]], keepMs: Int64) {
        self.keys = keys
        self.keepMs = keepMs
    }

    /// One round trip of at most about 3 ms of Redis.
    package var call: ScriptCall {
        var call = ScriptCall(.budgetExpire, keys: keys)
        call.append(decimal: Int64(limit))
        call.append(decimal: keepMs)
        return call
    }
}
