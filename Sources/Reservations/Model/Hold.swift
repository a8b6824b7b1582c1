// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// A reservation as only its requester may see it.
package struct Hold: Hashable, Sendable {
    /// Releases it; empty for what would only be.
    package var token: [UInt8]
    package var expiry: HoldExpiry
    /// Greater than that of every earlier acquisition of the tenant; nil for what would only be.
    package var fencingToken: Int64?
    /// What was taken along with it.
    package var along: TakenAlong

    /// A hold of these facts.
    package init(token: [UInt8], expiry: HoldExpiry, fencingToken: Int64?, along: TakenAlong = .nothing) {
        self.token = token
        self.expiry = expiry
        self.fencingToken = fencingToken
        self.along = along
    }
}

/// What a reservation of a registered resource takes along: a slot, blockers, ancestors (digest section 6).
package struct TakenAlong: Hashable, Sendable {
    /// A unit of a pool.
    package struct Slot: Hashable, Sendable {
        /// The pool's name.
        package var pool: [UInt8]
        /// The slot's name.
        package var slot: [UInt8]

        /// This slot of this pool.
        package init(pool: [UInt8], slot: [UInt8]) {
            self.pool = pool
            self.slot = slot
        }
    }

    /// The slot of the resource itself, then those of blockers that are pools.
    package var slots: [Slot] = []
    /// Names of blockers, as the definition names them.
    package var blockers: [[UInt8]] = []
    /// Names of ancestors, root first.
    package var ancestors: [[UInt8]] = []
    /// The resource's registered name; empty for a plain one.
    package var registeredName: [UInt8] = []

    /// A plain name takes nothing along.
    package static let nothing = TakenAlong()

    private init() {}

    /// Reads the extension of a hold's record (lua/reservation/include/derived.lua), empty for a plain name; nil when
    /// it is none. `unit` is the name that is held.
    package init?(extension text: [UInt8], unit: [UInt8]) {
        guard !text.isEmpty else { return }
        let parts = text.split(separator: 10, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, !parts[2].isEmpty else { return nil }
        registeredName = Array(parts[2])
        if registeredName != unit { slots.append(Slot(pool: registeredName, slot: unit)) }
        let blocked = parts[3].split(separator: 9)
        guard blocked.count.isMultiple(of: 2) else { return nil }
        for index in stride(from: 0, to: blocked.count, by: 2) {
            let (name, held) = (Array(blocked[index]), Array(blocked[index + 1]))
            blockers.append(name)
            if held != name { slots.append(Slot(pool: name, slot: held)) }
        }
        ancestors = parts[4].split(separator: 9).map { Array($0) }
    }

    /// Ancestors and the resource, root first, divided by `>`; nil outside a tree.
    package var path: [UInt8]? {
        guard !ancestors.isEmpty else { return nil }
        return Array((ancestors + [registeredName]).joined(separator: [62]))
    }

    /// The slot of the resource itself, if it has one.
    package var ownSlot: [UInt8]? { slots.first.flatMap { $0.pool == registeredName ? $0.slot : nil } }
}

/// Something that keeps a requester from a resource.
package struct Obstacle: Hashable, Sendable {
    /// What it is to the resource that was asked for.
    package enum Kind: String, Sendable {
        case resource = "RESOURCE"
        case blocker = "BLOCKER"
        case ancestor = "ANCESTOR"
    }

    package var name: [UInt8]
    package var kind: Kind
    /// nil when there is no one holder.
    package var holder: [UInt8]?
    /// When it ends by itself; nil when that is not known, or never.
    package var untilMs: Int64?

    /// An obstacle of these facts.
    package init(name: [UInt8], kind: Kind, holder: [UInt8]?, untilMs: Int64?) {
        self.name = name
        self.kind = kind
        self.holder = holder
        self.untilMs = untilMs
    }

    /// Reads the lines of a script's reply: name, kind, holder, until, divided by tabs; nil for another shape.
    static func read(_ text: [UInt8]) -> [Obstacle]? {
        var obstacles: [Obstacle] = []
        for line in text.split(separator: 10) {
            let parts = line.split(separator: 9, omittingEmptySubsequences: false)
            guard parts.count == 4, let kind = Kind(rawValue: String(decoding: parts[1], as: UTF8.self)) else {
                return nil
            }
            let until = parts[3].isEmpty ? nil : Int64(String(decoding: parts[3], as: UTF8.self))
            guard until != nil || parts[3].isEmpty else { return nil }
            obstacles.append(
                Obstacle(
                    name: Array(parts[0]), kind: kind, holder: parts[2].isEmpty ? nil : Array(parts[2]), untilMs: until)
            )
        }
        return obstacles
    }
}
