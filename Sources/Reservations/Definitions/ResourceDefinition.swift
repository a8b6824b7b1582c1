// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// A resource as a client registers it (digest 2.4).
package struct ResourceDefinition: Hashable, Sendable {
    package var name: [UInt8]
    /// Units of it, 1 to 10,000.
    package var capacity: Int64
    /// Names of what is taken along with it, at most 64.
    package var blockers: [[UInt8]]
    /// Names above it, root first; nil when the client says nothing of a place.
    package var ancestors: [[UInt8]]?

    /// A definition of these parts.
    package init(name: [UInt8], capacity: Int64, blockers: [[UInt8]], ancestors: [[UInt8]]?) {
        self.name = name
        self.capacity = capacity
        self.blockers = blockers
        self.ancestors = ancestors
    }
}

/// A definition as it is stored (lua/reservation/include/definition.lua).
package struct StoredDefinition: Hashable, Sendable {
    package var capacity: Int64
    /// The largest capacity it ever had.
    package var peak: Int64
    /// Slots below this number were looked at for holds older than the pool.
    package var adopted: Int64
    /// Whether it has or had something below it.
    package var isAncestor: Bool
    /// Whether its place in a tree comes from its own registration, and not from another's path.
    package var hasOwnPlace: Bool
    /// The name above it; empty for none.
    package var parent: [UInt8]
    package var blockers: [[UInt8]]

    /// What an ancestor gets that nobody registered.
    static let automatic = StoredDefinition(
        capacity: 1, peak: 1, adopted: 0, isAncestor: true, hasOwnPlace: false, parent: [], blockers: [])

    private init(
        capacity: Int64, peak: Int64, adopted: Int64, isAncestor: Bool, hasOwnPlace: Bool, parent: [UInt8],
        blockers: [[UInt8]]
    ) {
        self.capacity = capacity
        self.peak = peak
        self.adopted = adopted
        self.isAncestor = isAncestor
        self.hasOwnPlace = hasOwnPlace
        self.parent = parent
        self.blockers = blockers
    }

    /// Whether every slot was looked at for holds older than the pool.
    var isSettled: Bool { peak == 1 || adopted >= capacity }

    /// Reads a row; nil for another shape.
    package init?(row: [UInt8]) {
        let parts = row.split(separator: 10, omittingEmptySubsequences: false)
        guard parts.count == 6, let capacity = Int64(String(decoding: parts[0], as: UTF8.self)),
            let peak = Int64(String(decoding: parts[1], as: UTF8.self)), Limits.capacity.contains(capacity),
            let adopted = Int64(String(decoding: parts[2], as: UTF8.self))
        else { return nil }
        self.init(
            capacity: capacity, peak: peak, adopted: adopted, isAncestor: parts[3].contains(UInt8(ascii: "a")),
            hasOwnPlace: parts[3].contains(UInt8(ascii: "o")), parent: Array(parts[4]),
            blockers: parts[5].split(separator: 9).map { Array($0) })
    }
}

/// The pool and the number that a name stands for, if it looks like a slot: `Printer_0`.
struct SlotName: Hashable, Sendable {
    let base: [UInt8]
    /// `Int64.max` for numbers beyond it.
    let number: Int64

    init?(_ name: [UInt8]) {
        guard let line = name.lastIndex(of: 95), line > 0 else { return nil }
        let digits = name[(line + 1)...]
        guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }), digits.first != 48 || digits.count == 1
        else { return nil }
        base = Array(name[..<line])
        number = Int64(String(decoding: digits, as: UTF8.self)) ?? .max
    }
}
