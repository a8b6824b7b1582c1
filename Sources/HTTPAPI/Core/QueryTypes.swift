// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// Query parameters of lists, by type. Each is nil when absent or empty.
extension APIRequest {
    /// A word of an enumeration.
    func queryChoice<Choice>(_ name: String, _: Choice.Type = Choice.self) throws(FieldError) -> Choice?
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let text = try queryValue(name) else { return nil }
        // Beyond ASCII, equality of Swift strings is not equality of bytes.
        let isPlain = text.allSatisfy { $0 < 0x80 }
        guard isPlain, let choice = Choice(rawValue: String(decoding: text, as: UTF8.self)) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(path: name, problem: "must be one of \(words)")
        }
        return choice
    }

    /// `true` or `false`.
    func queryBool(_ name: String) throws(FieldError) -> Bool? {
        guard let text = try queryValue(name) else { return nil }
        if text.elementsEqual("true".utf8) { return true }
        if text.elementsEqual("false".utf8) { return false }
        throw FieldError(path: name, problem: "must be true or false")
    }

    /// A number from 0 to 1 in plain decimal notation, exactly as it is written.
    func queryShare(_ name: String) throws(FieldError) -> Fraction? {
        guard let text = try queryValue(name) else { return nil }
        guard let share = Fraction(decimal: text), share <= Fraction(1) else {
            throw FieldError(path: name, problem: "must be a number from 0 to 1 of at most 18 decimals")
        }
        return share
    }

    /// Text of at most so many characters, none of them a control character.
    func queryText(_ name: String, charactersMax: Int) throws(FieldError) -> [UInt8]? {
        guard let text = try queryValue(name) else { return nil }
        guard String(decoding: text, as: UTF8.self).unicodeScalars.count <= charactersMax else {
            throw FieldError(path: name, problem: "must be at most \(charactersMax) characters")
        }
        guard text.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            throw FieldError(path: name, problem: "must have no control characters")
        }
        return text
    }

    /// `limit` on the admin plane: out of range it is cut, not refused (admin digest 0.5).
    func queryPageRows() throws(FieldError) -> Int {
        guard let text = try queryValue("limit") else { return Int(Limits.pageRowsDefault) }
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        let isInteger = digits.allSatisfy { (48...57).contains($0) } && (digits.first != 48 || text.count == 1)
        guard isInteger, !digits.isEmpty else { throw FieldError(path: "limit", problem: "must be an integer") }
        // What Int64 does not hold is out of range like other numbers.
        let rows = parseDecimalInt64(text) ?? (isNegative ? Int64.min : Int64.max)
        return Int(min(max(rows, Limits.ledgerPageRows.lowerBound), Limits.ledgerPageRows.upperBound))
    }

    /// A date-time as milliseconds since 1970, no earlier than that.
    func queryDateTime(_ name: String) throws(FieldError) -> Int64? {
        guard let text = try queryValue(name) else { return nil }
        guard text.count <= Limits.dateTimeBytesMax, let ms = DateTime.milliseconds(text[...]) else {
            throw FieldError(path: name, problem: "must be an RFC 3339 date-time such as 2026-01-31T08:05:00Z")
        }
        return max(0, ms)
    }

    /// `from` as the first sequence number of that millisecond, µs since 1970. Years 0 to 9999 are far from the
    /// bounds.
    func queryFromUs() throws(FieldError) -> Int64? { try queryDateTime("from").map { $0 * 1_000 } }

    /// `to` as the last sequence number of that millisecond, which has 1,000.
    func queryUntilUs() throws(FieldError) -> Int64? { try queryDateTime("to").map { $0 * 1_000 + 999 } }

    /// `search` in lower case, letters beyond ASCII too.
    func querySearch() throws(FieldError) -> [UInt8]? {
        guard let text = try queryText("search", charactersMax: Limits.searchCharactersMax) else { return nil }
        return [UInt8](String(decoding: text, as: UTF8.self).lowercased().utf8)
    }
}
