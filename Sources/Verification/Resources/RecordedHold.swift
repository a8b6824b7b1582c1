// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations

/// A hold of a registered resource as its record tells it, with what it took along.
struct RecordedHold {
    /// The name that is held.
    let unit: [UInt8]
    let requester: [UInt8]
    /// 36 characters.
    let token: [UInt8]
    /// The resource's registered name.
    let resource: [UInt8]
    /// Whether it is counted as a unit of a pool.
    let isPooled: Bool
    /// Blockers by name, and what is held of each. Of the system's own hold of a blocker: the resource that needs it.
    let blockers: [(name: [UInt8], unit: [UInt8])]
    let needer: [UInt8]
    /// Root first.
    let ancestors: [[UInt8]]

    /// Reads a record; nil for one of a plain name, and for another shape.
    init?(unit: [UInt8], record: [UInt8]) {
        guard record.count > 65 else { return nil }
        let parts = record[65...].split(separator: 10, omittingEmptySubsequences: false)
        guard parts.count == 7 else { return nil }
        self.unit = unit
        token = Array(record[29..<65])
        requester = Array(parts[0])
        let flags = parts[3]
        isPooled = flags.contains(UInt8(ascii: "p"))
        resource = Array(parts[4])
        ancestors = parts[6].split(separator: 9).map { Array($0) }
        guard !flags.contains(UInt8(ascii: "b")) else {
            needer = Array(parts[5])
            blockers = []
            return
        }
        needer = []
        let words = parts[5].split(separator: 9).map { Array($0) }
        guard words.count.isMultiple(of: 2) else { return nil }
        blockers = stride(from: 0, to: words.count, by: 2).map { (words[$0], words[$0 + 1]) }
    }

    /// Whether it is the system's, for a blocker.
    var isSystem: Bool { requester == Requester.system }

    /// Its number in its pool; `-` for the bare name.
    var slot: [UInt8] { unit == resource ? [45] : Array(unit.dropFirst(resource.count + 1)) }
}
