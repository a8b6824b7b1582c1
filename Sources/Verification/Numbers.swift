// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// The value of 1 to 18 decimal digits, leading zeros allowed; nil for anything else.
func parseDigits(_ text: some Collection<UInt8>) -> Int64? {
    guard (1...18).contains(text.count), text.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return text.reduce(0) { $0 * 10 + Int64($1 - 48) }
}

/// The value of a sorted set's score when it is a whole number: `.some(nil)` for +inf.
func parseScore(_ text: [UInt8]) -> Int64?? {
    let text = String(decoding: text, as: UTF8.self)
    if text == "inf" { return .some(nil) }
    return Double(text).flatMap { Int64(exactly: $0) }.map { .some($0) }
}

extension RedisReply {
    /// The time that a reply of TIME gives, in ms.
    var clockMs: Int64? {
        let parts = members.compactMap(parseDigits)
        guard parts.count == 2, parts[0] < 10_000_000_000 else { return nil }
        return parts[0] * 1_000 + parts[1] / 1_000
    }

    /// A sorted set's score as a whole number of ms or µs; nil for a member that is not there.
    var score: Int64? { bytes.flatMap(parseScore).flatMap { $0 } }

    /// Whether the key holds another type.
    var isError: Bool { if case .error = self { true } else { false } }
}
