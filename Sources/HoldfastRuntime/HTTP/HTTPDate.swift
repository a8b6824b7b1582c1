// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import Synchronization

/// The text of the Date header (RFC 9110, IMF-fixdate), made anew once a second.
final class HTTPDate: Sendable {
    private let cached = Mutex<(second: Int64, text: [UInt8])>((-1, []))

    /// The date of now, 29 bytes.
    var bytes: [UInt8] {
        let second = UTCTimestamp.now_ms() / 1_000
        return cached.withLock { cached in
            if cached.second != second { cached = (second, Self.text(second)) }
            return cached.text
        }
    }

    /// The date of so many seconds since 1970.
    static func text(_ second: Int64) -> [UInt8] {
        let days = Int(second / 86_400)
        let time = Int(second % 86_400)
        let (year, month, day) = civil(days)
        // 1 January 1970 was a Thursday.
        let weekday = Self.weekdays[(days + 3) % 7]
        let text =
            "\(weekday), \(pad(day)) \(Self.months[month - 1]) \(year) "
            + "\(pad(time / 3_600)):\(pad(time / 60 % 60)):\(pad(time % 60)) GMT"
        return [UInt8](text.utf8)
    }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// Year, month and day of a day since 1970, counted in eras of 400 years that begin in March, so that the leap day
    /// is the last of its year.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
