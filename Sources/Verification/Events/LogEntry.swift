// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// An entry of an event log or of an outbox, taken apart.
struct LogEntry {
    /// The digits of the event's number.
    let sequence: [UInt8]
    let type: [UInt8]
    let owner: [UInt8]

    /// An entry of a shard's log: number, type, owner.
    init?(shard member: [UInt8]) {
        guard let colon = member.lastIndex(of: 58),
            let entry = LogEntry(
                owned: Array(member[..<colon]), by: Array(member[(colon + 1)...])), !entry.owner.isEmpty
        else { return nil }
        self = entry
    }

    /// An entry of an owner's log: number, type.
    init?(owned member: [UInt8], by owner: [UInt8]) {
        guard let colon = member.firstIndex(of: 58), parseDigits(member[..<colon]) != nil, colon + 1 < member.count
        else {
            return nil
        }
        sequence = Array(member[..<colon])
        type = Array(member[(colon + 1)...])
        self.owner = owner
    }

    /// An entry of an outbox: number, owner.
    init?(outbox member: [UInt8]) {
        guard let entry = LogEntry(owned: member, by: []) else { return nil }
        sequence = entry.sequence
        type = []
        owner = entry.type
    }

    /// The beginning of an event's body: time, owner, type.
    init?(body: [UInt8], sequence: [UInt8]) {
        let parts = body.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parseDigits(parts[0]) != nil, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
        self.sequence = sequence
        owner = Array(parts[1])
        type = Array(parts[2])
    }

    /// As the owner's log has it.
    var ownedMember: [UInt8] { sequence + [58] + type }
    /// As the shard's log has it.
    var shardMember: [UInt8] { ownedMember + [58] + owner }
    /// As the outbox has it.
    var outboxMember: [UInt8] { sequence + [58] + owner }
}
