// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// A subscription's row: status letter, created_ms, updated_ms, sealed secrets, and the terms as JSON, divided by NUL.
package struct StoredSubscription: Sendable {
    package let id: [UInt8]
    /// The whole row, by which a change knows that nothing came between.
    package let row: [UInt8]
    package let status: SubscriptionStatus
    package let createdMs: Int64
    package let updatedMs: Int64
    /// Since when it is active, if it is; kept apart from the row (`T:wf`), and the time it was made at where nothing
    /// else was read.
    package var activeSinceMs: Int64
    /// What `SecretBox` sealed: a `WebhookSecret`.
    package let sealed: [UInt8]
    package let terms: SubscriptionTerms

    /// Reads a row; nil when it is none.
    package init?(id: [UInt8], row: [UInt8]) {
        let parts = row.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let letter = parts[0].first, parts[0].count == 1,
            let status = SubscriptionStatus(rawValue: letter), let created = parseDecimalInt64(parts[1]),
            let updated = parseDecimalInt64(parts[2]),
            let document = try? JSONDocument.parse(Array(parts[4]), maxDepth: 64),
            let terms = SubscriptionTerms(stored: document.root)
        else { return nil }
        self.id = id
        self.row = row
        self.status = status
        createdMs = created
        activeSinceMs = created
        updatedMs = updated
        sealed = Array(parts[3])
        self.terms = terms
    }

    /// The sealed secrets of a row whose terms need not be readable; nil when it is none.
    package static func sealed(inRow row: [UInt8]) -> [UInt8]? {
        let parts = row.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false)
        return parts.count == 5 ? Array(parts[3]) : nil
    }

    /// What follows the times in the row: secrets and terms.
    package var content: [UInt8] {
        Array(row.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false).last ?? [])
    }

    /// What follows the times in a row.
    package static func content(sealed: [UInt8], _ terms: SubscriptionTerms) -> [UInt8] { sealed + [0] + terms.json }

    /// A whole row.
    package static func row(
        _ status: SubscriptionStatus, createdMs: Int64, updatedMs: Int64, sealed: [UInt8], _ terms: SubscriptionTerms
    ) -> [UInt8] {
        let times = [UInt8](String(createdMs).utf8) + [0] + [UInt8](String(updatedMs).utf8)
        return [status.rawValue, 0] + times + [0] + content(sealed: sealed, terms)
    }
}
