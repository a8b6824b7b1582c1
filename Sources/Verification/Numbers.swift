// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

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
