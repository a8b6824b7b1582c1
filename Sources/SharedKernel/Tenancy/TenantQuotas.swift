// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// A tenant's quotas in the Reservation API (design section 5); nil is unlimited, as all are unless set.
package struct TenantQuotas: Hashable, Sendable {
    /// Requests of the Reservation API a minute.
    package var operationsPerMinute: Int64?
    /// Requests of the Reservation API a day of UTC.
    package var operationsPerDay: Int64?
    /// Reservations held at once; what is taken along with one does not count.
    package var concurrentReservations: Int64?
    /// Event streams open at once.
    package var eventStreams: Int64?

    /// No quotas.
    package init() {}

    /// Reads the stored form: empty, or a JSON object with the names of the admin plane; nil when it is neither.
    package init?(stored: [UInt8]) {
        guard !stored.isEmpty else { return }
        guard let document = try? JSONDocument.parse(stored), document.root.kind == .object else { return nil }
        for (name, field) in Self.fields {
            guard let value = document.root.member(name) else { continue }
            guard let number = value.int64(), number >= 0 else { return nil }
            self[keyPath: field] = number
        }
    }

    private static var fields: [(StaticString, WritableKeyPath<TenantQuotas, Int64?>)] {
        [
            ("operations_per_minute", \.operationsPerMinute), ("operations_per_day", \.operationsPerDay),
            ("concurrent_reservations", \.concurrentReservations), ("event_streams", \.eventStreams),
        ]
    }
}
