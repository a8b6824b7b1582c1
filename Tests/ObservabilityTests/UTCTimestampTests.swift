// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Observability
import Testing

@Suite("UTC timestamps")
struct UTCTimestampTests {
    private func text(_ milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        UTCTimestamp(milliseconds: milliseconds).append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "known instants",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (4_107_542_400_007, "2100-03-01T00:00:00.007Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
            (Int64.min, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func known(milliseconds: Int64, expected: String) {
        #expect(text(milliseconds) == expected)
    }

    @Test("the date agrees with the C library over eight centuries, day by day")
    func everyDay() {
        for day in -135_000...160_000 {
            var seconds = time_t(day) * 86_400 + 3_661
            var civil = tm()
            gmtime_r(&seconds, &civil)
            var bytes: [UInt8] = []
            UTCTimestamp(milliseconds: Int64(seconds) * 1_000).append(to: &bytes)
            let digits = bytes.filter { $0 >= 0x30 && $0 <= 0x39 }.map { Int32($0) - 0x30 }
            let year = digits[0..<4].reduce(0) { $0 * 10 + $1 }
            let isSame =
                year == civil.tm_year + 1_900 && digits[4] * 10 + digits[5] == civil.tm_mon + 1
                && digits[6] * 10 + digits[7] == civil.tm_mday
            if !isSame {
                Issue.record("day \(day): \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
    }

    @Test("the clock is the wall clock")
    func now() {
        let before = Int64(time(nil))
        let now = UTCTimestamp.now_ms() / 1_000
        let after = Int64(time(nil))
        // time() may read a coarser clock, which lags behind by a tick.
        #expect(before...(after + 1) ~= now)
    }
}
