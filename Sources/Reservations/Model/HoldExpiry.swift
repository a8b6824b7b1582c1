// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// When a hold ends by itself.
package enum HoldExpiry: Hashable, Sendable {
    case never
    /// Milliseconds since the epoch, by the clock of Redis.
    case at(ms: Int64)

    /// The number that stands for never in records and replies: all nines, past every deadline that can be asked for.
    private static let neverMs: Int64 = 9_999_999_999_999

    /// The expiry of a number in a script's reply.
    init(replied ms: Int64) { self = ms == Self.neverMs ? .never : .at(ms: ms) }

    /// The deadline, or nil if there is none.
    package var ms: Int64? {
        if case .at(let ms) = self { return ms }
        return nil
    }
}
