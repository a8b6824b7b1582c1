// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Tells of a tenant's refusals that were only counted because there were too many in a second; idempotent.
package struct TellDenials: Sendable {
    private static let eventsPerCall: Int64 = 50

    /// The tenant's keys.
    package var keys: [[UInt8]]

    /// A call about this tenant.
    package init(keys: [[UInt8]]) { self.keys = keys }

    /// One round trip. Replies like a sweep.
    package var call: ScriptCall {
        var call = ScriptCall(.budgetTellDenials, keys: keys)
        call.append(decimal: Self.eventsPerCall)
        return call
    }
}
