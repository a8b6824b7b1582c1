// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// A policy's row as it is stored: created_ms, updated_ms, name as JSON, terms as JSON, divided by NUL.
package struct StoredPolicy: Sendable {
    package let id: [UInt8]
    /// The whole row.
    package let row: [UInt8]
    package let createdMs: Int64
    package let updatedMs: Int64
    /// The terms: a JSON object with the protocol's field names, the name included.
    package let terms: JSONValue

    /// Reads a row; nil when it is none.
    package init?(id: [UInt8], row: [UInt8]) {
        let parts = row.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let created = parseDecimalInt64(parts[0]), let updated = parseDecimalInt64(parts[1]),
            let document = try? JSONDocument.parse(Array(parts[3])), document.root.kind == .object
        else { return nil }
        self.id = id
        self.row = row
        createdMs = created
        updatedMs = updated
        terms = document.root
    }

    /// The policy that reservations are held against; nil when the terms are none.
    package var policy: Policy? { Policy(id: id, terms: terms) }

    /// Reads the rows of a reply from element `first` on: id and row of each.
    package static func read(_ reply: ScriptReply, from first: Int) throws(ScriptFault) -> [StoredPolicy] {
        var policies: [StoredPolicy] = []
        for index in stride(from: first, to: reply.count, by: 2) {
            guard let stored = StoredPolicy(id: try reply.bytes(index), row: try reply.bytes(index + 1)) else {
                throw reply.malformed("policy")
            }
            policies.append(stored)
        }
        return policies
    }
}
