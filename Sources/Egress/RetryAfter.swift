// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The header `Retry-After` (RFC 9110): seconds, or a date.
package enum RetryAfter {
    /// The longest that is understood; what the caller makes of it is up to the caller.
    private static let seconds_max: Int64 = 366 * 86_400

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// How many seconds from now; nil when the text says nothing that can be understood.
    package static func seconds(_ text: String, now_s: Int64) -> Int? {
        let text = text.drop { $0 == " " }.prefix { $0 != "\r" && $0 != "\n" }
        if !text.isEmpty, text.utf8.allSatisfy({ 48...57 ~= $0 }) {
            return Int(min(Int64(text) ?? self.seconds_max, self.seconds_max))
        }
        guard let date = self.date(text) else { return nil }
        return Int(min(max(0, date - now_s), self.seconds_max))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of a date that may be sent, as seconds since 1970.
    private static func date(_ text: Substring) -> Int64? {
        guard text.utf8.count == 29, text.hasSuffix(" GMT") else { return nil }
        let words = text.dropFirst(5).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, let month = self.months.firstIndex(of: String(words[1])) else { return nil }
        let time = words[3].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let day = self.number(words[0], 1...31), let year = self.number(words[2], 1970...9999),
            let hour = self.number(time[0], 0...23), let minute = self.number(time[1], 0...59),
            let second = self.number(time[2], 0...60)
        else { return nil }
        return self.days(year, Int64(month) + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.utf8.allSatisfy({ 48...57 ~= $0 }), let value = Int64(text), range ~= value else { return nil }
        return value
    }

    /// Days since 1970, counted in eras of 400 years that begin in March, so that the leap day is the last of its year.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
