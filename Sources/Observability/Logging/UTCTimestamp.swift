// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An instant as RFC 3339 text in UTC with milliseconds, `2026-01-31T08:05:00.250Z`, always 24 bytes.
///
/// Plain calendar arithmetic: no locale, no time zone database, no allocation. Instants outside the years 0 to 9999 are
/// moved to the nearest one inside.
package struct UTCTimestamp: Sendable {
    private static let day_ms: Int64 = 86_400_000
    /// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z.
    private static let range_ms: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    private let milliseconds: Int64

    /// The instant `milliseconds` after the start of 1970 in UTC.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range_ms.lowerBound), Self.range_ms.upperBound)
    }

    /// The wall clock of this machine in milliseconds since 1970; for log lines, never for decisions.
    package static func now_ms() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Appends the 24 bytes of the text.
    package func append(to bytes: inout [UInt8]) {
        let (day, time_ms) = Self.floorDivide(milliseconds, by: Self.day_ms)
        let date = Self.civilDate(daysSince1970: day)
        let second = time_ms / 1_000
        Self.append(date.year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(second / 3_600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(second / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(second % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        Self.append(time_ms % 1_000, digits: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The Gregorian date of a day number.
    ///
    /// Years are counted from March, so that the leap day is the last day of a year and every year of a 400-year cycle
    /// (146,097 days) follows from divisions alone.
    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let daysFromMarchOfYear0: Int64 = 719_468
        let (cycle, dayOfCycle) = floorDivide(daysSince1970 + daysFromMarchOfYear0, by: 146_097)
        let leapDays = dayOfCycle / 1_460 - dayOfCycle / 36_524 + dayOfCycle / 146_096
        let yearOfCycle = (dayOfCycle - leapDays) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        // Months from March have 31 and 30 days in a pattern of 153 days per five months.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (400 * cycle + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        if digits > 1 { append(number / 10, digits: digits - 1, to: &bytes) }
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}
