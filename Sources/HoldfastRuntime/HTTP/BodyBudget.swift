// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Synchronization

/// How many bytes of request bodies all connections together may hold.
final class BodyBudget: Sendable {
    private let bytes: Int
    private let held = Atomic<Int>(0)

    init(bytes: Int) { self.bytes = bytes }

    /// Takes so many bytes; false, with nothing taken, when they are not left.
    func take(_ count: Int) -> Bool {
        if held.wrappingAdd(count, ordering: .relaxed).newValue <= bytes { return true }
        held.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    /// Gives back what was taken.
    func giveBack(_ count: Int) {
        if count > 0 { held.wrappingSubtract(count, ordering: .relaxed) }
    }
}
