// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import Observability
import Testing

@Suite("Date-times of the admin plane")
struct AdminAPIDateTimeTests {
    private func read(_ text: String) -> Int64? { DateTime.milliseconds([UInt8](text.utf8)[...]) }

    @Test(
        "An RFC 3339 date-time is read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000Z", 0), ("1970-01-01t00:00:01z", 1_000),
            ("1969-12-31T23:59:59.999Z", -1), ("2026-05-13T12:01:00.25Z", 1_778_673_660_250),
            ("2026-05-13T14:01:00.25+02:00", 1_778_673_660_250), ("2026-05-13T06:31:00.250-05:30", 1_778_673_660_250),
            ("2026-05-13T12:01:00.250999999Z", 1_778_673_660_250),
            ("2026-05-13T12:01:00.2509-00:00", 1_778_673_660_250),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("2026-01-01T00:00:00+23:59", 1_767_139_260_000),
        ])
    func reading(text: String, milliseconds: Int64) {
        #expect(read(text) == milliseconds)
    }

    @Test(
        "Everything else is refused",
        arguments: [
            "", "2026-05-13", "2026-05-13T12:01:00", "2026-05-13 12:01:00Z", "2026-05-13T12:01Z", "2026-5-13T12:01:00Z",
            "2026-05-13T12:01:60Z", "2016-12-31T23:59:60Z", "2026-05-13T24:00:00Z", "2026-05-13T12:60:00Z",
            "2026-00-13T12:01:00Z", "2026-13-13T12:01:00Z", "2026-05-00T12:01:00Z", "2026-05-32T12:01:00Z",
            "2026-04-31T12:01:00Z", "2026-02-29T12:01:00Z", "1900-02-29T12:01:00Z", "2026-05-13T12:01:00.Z",
            "2026-05-13T12:01:00,5Z", "2026-05-13T12:01:00+0200", "2026-05-13T12:01:00+24:00",
            "2026-05-13T12:01:00+02:60",
            "2026-05-13T12:01:00+02", "2026-05-13T12:01:00ZZ", " 2026-05-13T12:01:00Z", "2026-05-13T12:01:00Z ",
            "+2026-05-13T12:01:00Z", "12026-05-13T12:01:00Z", "-026-05-13T12:01:00Z", "2026-05-13T12:01:-1Z",
            "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "\u{FF12}026-05-13T12:01:00Z", "1778673660250",
        ])
    func refusing(text: String) {
        #expect(read(text) == nil)
    }

    @Test("What is printed is read back, for days all over the calendar")
    func roundTrip() {
        var instant: Int64 = -62_167_219_200_000
        while instant <= 253_402_300_799_999 {
            var text: [UInt8] = []
            UTCTimestamp(milliseconds: instant).append(to: &text)
            #expect(DateTime.milliseconds(text[...]) == instant)
            // A step of no round number of days, hours or seconds.
            instant += 1_234_567_890_123 / 17
        }
    }

    @Test("A fraction of any length is read without overflow")
    func longFraction() {
        let digits = String(repeating: "9", count: 5_000)
        #expect(read("1970-01-01T00:00:00.\(digits)Z") == 999)
    }
}
