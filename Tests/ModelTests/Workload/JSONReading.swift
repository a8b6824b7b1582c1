// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON

/// An answer that lacks what it must have.
struct BadAnswer: Error {
    let what: String
}

extension JSONValue {
    /// A member that must be there.
    func need(_ name: StaticString) throws(BadAnswer) -> JSONValue {
        guard let value = member(name) else { throw BadAnswer(what: "lacks \(name)") }
        return value
    }

    /// A string that must be there.
    func text(_ name: StaticString) throws(BadAnswer) -> String {
        guard let bytes = try need(name).stringBytes() else { throw BadAnswer(what: "\(name) is no string") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An integer within int64 that must be there.
    func integer(_ name: StaticString) throws(BadAnswer) -> Int64 {
        guard let value = try need(name).int64() else { throw BadAnswer(what: "\(name) is no int64") }
        return value
    }

    /// A truth value that must be there.
    func truth(_ name: StaticString) throws(BadAnswer) -> Bool {
        guard let value = try need(name).bool() else { throw BadAnswer(what: "\(name) is neither true nor false") }
        return value
    }

    /// An amount in the unit of all ledgers that must be there.
    func amount(_ name: StaticString) throws(BadAnswer) -> Int64 {
        let value = try need(name)
        guard try value.need("unit").isString(BudgetTree.unit) else { throw BadAnswer(what: "unit of \(name)") }
        return try value.integer("amount")
    }

    /// An instant as RFC 3339 text with ms in UTC; nil for null.
    func instantMs(_ name: StaticString) throws(BadAnswer) -> Int64? {
        if try need(name).isNull { return nil }
        let text = try self.text(name)
        let parts = text.split { !$0.isNumber }.compactMap { Int64($0) }
        guard parts.count == 7, text.utf8.count == 24, text.hasSuffix("Z") else {
            throw BadAnswer(what: "\(name) is no instant: \(text)")
        }
        let days = Self.daysSince1970(year: parts[0], month: parts[1], day: parts[2])
        return (((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]) * 1_000 + parts[6]
    }

    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let lengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var days: Int64 = 0
        for past in 1970..<max(1970, year) { days += isLeap(past) ? 366 : 365 }
        for past in 0..<max(0, month - 1) { days += lengths[Int(past)] }
        return days + (month > 2 && isLeap(year) ? 1 : 0) + day - 1
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}
