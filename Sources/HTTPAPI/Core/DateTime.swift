// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import SharedKernel
internal import StrictJSON

/// Date-times: RFC 3339 text to and from milliseconds since 1970.
package enum DateTime {
    /// The instants that can be printed again: the years 0 to 9999 in UTC.
    private static let range_ms: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Reads `2026-01-31T08:05:00Z`, with any fraction of a second, which is cut to milliseconds, and any offset.
    ///
    /// Nil for everything else: no date alone, no local time, no day that the calendar lacks, no leap second.
    package static func milliseconds(_ text: ArraySlice<UInt8>) -> Int64? {
        var reader = Reader(rest: text)
        guard let year = reader.number(digits: 4), reader.take("-"), let month = reader.number(digits: 2),
            reader.take("-"), let day = reader.number(digits: 2), reader.take("T") || reader.take("t"),
            let hour = reader.number(digits: 2), reader.take(":"), let minute = reader.number(digits: 2),
            reader.take(":"), let second = reader.number(digits: 2), let fraction_ms = reader.fraction(),
            let offset_min = reader.offset(), reader.rest.isEmpty
        else { return nil }
        guard (1...12).contains(month), (1...daysOf(month, year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        // Four digits of a year keep all of this far from the bounds of Int64.
        let minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset_min
        let instant = (minutes * 60 + second) * 1_000 + fraction_ms
        return range_ms.contains(instant) ? instant : nil
    }

    /// The instant in UTC with milliseconds.
    package static func text(_ milliseconds: Int64) -> [UInt8] {
        var text: [UInt8] = []
        UTCTimestamp(milliseconds: milliseconds).append(to: &text)
        return text
    }

    private static func daysOf(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The day's number. Years begin with March here, so that a leap day is the last of its year.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // One cycle of 400 years on, so that January of year 0 is not in a negative year.
        let marchYear = year + 400 - (month < 3 ? 1 : 0)
        let monthFromMarch = (month + 9) % 12
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 146_097 - 719_468
    }

    /// What is left of a text.
    private struct Reader {
        var rest: ArraySlice<UInt8>

        /// Takes exactly this character.
        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard let first = rest.first, first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        /// A number of exactly so many digits.
        mutating func number(digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Milliseconds of a fraction; 0 when there is none, nil for a point without digits.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            guard let first = digit() else { return nil }
            var milliseconds = first * 100
            var weight: Int64 = 10
            while let next = digit() {
                milliseconds += next * weight
                weight /= 10
            }
            return milliseconds
        }

        /// Minutes ahead of UTC.
        mutating func offset() -> Int64? {
            if take("Z") || take("z") { return 0 }
            let isBehind = take("-")
            guard isBehind || take("+"), let hours = number(digits: 2), take(":"), let minutes = number(digits: 2),
                hours < 24, minutes < 60
            else { return nil }
            return (hours * 60 + minutes) * (isBehind ? -1 : 1)
        }

        private mutating func digit() -> Int64? {
            guard let first = rest.first, (48...57).contains(first) else { return nil }
            rest.removeFirst()
            return Int64(first) - 48
        }
    }
}

extension JSONFields {
    /// A date-time as milliseconds since 1970, or nil if absent.
    mutating func optionalDateTime(_ name: StaticString) throws(FieldError) -> Int64? {
        guard let value = try optional(name) else { return nil }
        guard let text = value.stringSlice(), text.count <= Limits.dateTimeBytesMax,
            let instant = DateTime.milliseconds(text)
        else { throw value.fieldError("must be an RFC 3339 date-time such as 2026-01-31T08:05:00Z") }
        return instant
    }
}

extension JSONWriter {
    /// A date-time in UTC with milliseconds.
    mutating func dateTime(_ key: StaticString, _ milliseconds: Int64) {
        self.key(key)
        string(DateTime.text(milliseconds))
    }
}
