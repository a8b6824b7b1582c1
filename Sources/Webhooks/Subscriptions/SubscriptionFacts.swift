// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel

/// What became of a subscription's deliveries lately; kept apart from its row, so that deliveries do not write it.
package struct SubscriptionFacts: Hashable, Sendable {
    /// Deliveries in a row that failed for good.
    package var failures: Int64 = 0
    /// When it was last sent an event, ms; nil for never.
    package var triggeredMs: Int64?
    package var successMs: Int64?
    package var failureMs: Int64?

    /// A subscription that nothing happened to.
    package init() {}

    /// Reads four elements of a script's reply, each a number or empty.
    package init(_ reply: ScriptReply, from index: Int) throws(ScriptFault) {
        func number(_ offset: Int) throws(ScriptFault) -> Int64? {
            try reply.bytes(index + offset).isEmpty ? nil : try reply.int(index + offset)
        }
        failures = try number(0) ?? 0
        triggeredMs = try number(1)
        successMs = try number(2)
        failureMs = try number(3)
    }
}
