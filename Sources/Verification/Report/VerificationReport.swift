// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// What a verification looked at and what it found.
package struct VerificationReport: Sendable {
    /// How much was looked at.
    package struct Counts: Hashable, Sendable {
        package var shards = 0
        package var tenants = 0
        package var ledgers = 0
        /// Live budget reservations.
        package var reservations = 0
        /// Held names.
        package var locks = 0
        /// Registered resources.
        package var resources = 0
        /// Events in the logs.
        package var events = 0
        /// Webhook subscriptions.
        package var subscriptions = 0
        /// Deliveries in every state; a few too many while Redis makes its tables smaller.
        package var deliveries = 0
    }

    /// A question that stayed open.
    package struct Undecided: Hashable, Sendable {
        package let tenant: [UInt8]
        package let subject: VerifiedSubject
    }

    package internal(set) var counts = Counts()
    /// What was the same in every pass.
    package internal(set) var violations: [Violation] = []
    /// Ledgers of tenants with so many live reservations, changing so fast, that no pass saw them at rest.
    package internal(set) var undecided: [Undecided] = []
    /// Whether there were too many violations to go on.
    package internal(set) var stoppedEarly = false

    init() {}

    /// Whether everything was decided and nothing was found.
    package var isClean: Bool { violations.isEmpty && undecided.isEmpty }

    /// A tenant's id as one harmless line of text.
    package static func name(_ tenant: [UInt8]) -> String { printable(tenant) }

    /// The report as one JSON object.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512 + 256 * violations.count)
        writer.beginObject()
        writer.key("checked")
        writer.beginObject()
        for (name, count) in [
            ("shards" as StaticString, counts.shards), ("tenants", counts.tenants), ("ledgers", counts.ledgers),
            ("reservations", counts.reservations), ("locks", counts.locks), ("resources", counts.resources),
            ("events", counts.events), ("subscriptions", counts.subscriptions), ("deliveries", counts.deliveries),
        ] {
            writer.key(name)
            writer.int(Int64(count))
        }
        writer.endObject()
        writer.key("violations")
        writer.beginArray()
        for violation in violations { Self.write(violation, to: &writer) }
        writer.endArray()
        writer.key("undecided")
        writer.beginArray()
        for open in undecided {
            writer.beginObject()
            writer.key("tenant")
            writer.string(Self.name(open.tenant))
            writer.key("subject")
            writer.string(open.subject.text)
            writer.endObject()
        }
        writer.endArray()
        writer.key("stopped_early")
        writer.bool(stoppedEarly)
        writer.endObject()
        return writer.finish()
    }

    private static func write(_ violation: Violation, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("invariant")
        writer.string(violation.invariant.rawValue)
        writer.key("tenant")
        writer.string(Self.name(violation.tenant))
        writer.key("subject")
        writer.string(violation.subject.text)
        writer.key("expected")
        writer.string(violation.expected)
        writer.key("actual")
        writer.string(violation.actual)
        writer.key("detail")
        writer.string(violation.detail)
        writer.endObject()
    }
}
