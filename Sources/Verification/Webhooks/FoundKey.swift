// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// A key that a scan of the keyspace has come across, taken apart.
struct FoundKey {
    /// What it is of.
    enum Kind {
        case event, delivery, lane
        /// A subscription's attempts under way, and its deliveries.
        case flights, list
        /// Attempts of an owner, lanes that wait.
        case passing
        /// What became of a subscription's deliveries lately.
        case facts
    }

    let shard: Shard
    let kind: Kind
    /// What follows the kind in the key: the id of what it is of.
    let name: [UInt8]
    /// Whose it is, of a subscription's facts.
    let owner: [UInt8]
    let key: [UInt8]

    /// Whether such keys end by themselves.
    var isPassing: Bool { kind == .passing || kind == .flights || kind == .list }

    /// Nil for a key of another kind.
    init?(_ key: [UInt8], _ keyspace: Keyspace) {
        guard let (shard, rest) = keyspace.parts(of: key) else { return nil }
        let parts = rest.split(separator: 58, omittingEmptySubsequences: false)
        guard parts.count >= 2, let letters = String(validating: parts[0], as: UTF8.self) else { return nil }
        switch letters {
        case "e": kind = .event
        case "dv": kind = .delivery
        case "ln": kind = .lane
        case "fl": kind = .flights
        case "wd": kind = .list
        case "fo", "wt", "we": kind = .passing
        case "t" where parts.count == 4 && parts[2].elementsEqual("wf".utf8): kind = .facts
        default: return nil
        }
        self.shard = shard
        self.key = key
        owner = kind == .facts ? Array(parts[1]) : []
        name = kind == .facts ? Array(parts[3]) : Array(rest.dropFirst(parts[0].count + 1))
    }
}
