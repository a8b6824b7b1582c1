// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a tenant's key holds: status letter, epoch, marks (docs/keyspace.md). Compared as bytes everywhere; taken apart
/// here alone.
package struct TenantTag: Hashable, Sendable {
    /// Something that scripts have to do for a tenant as long as somebody wants it.
    package enum Mark: UInt8, CaseIterable, Sendable {
        /// A subscription names events of resources.
        case resourceEvents = 104
        /// A live event stream is open somewhere.
        case liveStreams = 119
    }

    package let status: TenantStatus
    package let epoch: Int64
    package let marks: Set<Mark>

    /// Reads a tag; nil when it is none.
    package init?(_ bytes: [UInt8]) {
        let digits = bytes.dropFirst().prefix { (48...57).contains($0) }
        guard let letter = bytes.first, let status = TenantStatus(rawValue: letter),
            let epoch = Int64(String(decoding: digits, as: UTF8.self))
        else { return nil }
        let letters = bytes[digits.endIndex...]
        let marks = letters.compactMap { Mark(rawValue: $0) }
        // Each at most once, in their order: tags that mean the same are the same bytes.
        guard marks.count == letters.count, zip(marks, marks.dropFirst()).allSatisfy({ $0.rawValue < $1.rawValue })
        else { return nil }
        self.status = status
        self.epoch = epoch
        self.marks = Set(marks)
    }
}
