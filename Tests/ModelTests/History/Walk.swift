// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A list of reservations read from its first page to its last.
struct Walk: Sendable {
    /// What was asked for.
    struct Query: Hashable, Sendable {
        var sort: Sort?
        var isDescending = true
        var limit = 50
        var status: String?
        /// Of creation, ms.
        var fromMs: Int64?

        /// What a list may be sorted by; without, it is as by time of creation.
        enum Sort: String, CaseIterable, Hashable, Sendable {
            case id = "reservation_id"
            case tenant
            case scopePath = "scope_path"
            case status, reserved
            case created = "created_at_ms"
            case expires = "expires_at_ms"
        }
    }

    /// One answer.
    struct Page: Sendable {
        var window: Window
        var rows: [Row]
    }

    /// A reservation as a list shows it.
    struct Row: Hashable, Sendable {
        var id: String
        var found: BudgetOutcome.FoundReservation
    }

    var query: Query
    var pages: [Page]
    /// Why it could not be read to its end.
    var trouble: String?

    /// From the first page to the last.
    var window: Window {
        Window(beginUs: pages.first?.window.beginUs ?? 0, endUs: pages.last?.window.endUs ?? 0)
    }
}
