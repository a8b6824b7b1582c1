// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Logging
import Observability
import Testing

@Suite("Hostile text in log lines")
struct LogInjectionTests {
    /// Line ends of every kind, terminal controls, quotes, what looks like a second event, and what reorders text.
    static let hostile: [String] = [
        "a\r\nb", "a\nb", "a\rb", "\u{0}", "\u{1B}[2J\u{1B}]0;owned\u{7}", "\u{9B}31m", "\u{85}",
        "\u{2028}x\u{2029}", "\u{202E}cod", "\u{2066}\u{2069}\u{200F}\u{61C}", "\u{FEFF}", "\u{7F}\u{8}",
        "\\", "\"", "\\u000a", "\",\"level\":\"info",
        "x\"}\n{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"critical\"}",
        String(decoding: [0xFF, 0xC0, 0x0A] as [UInt8], as: UTF8.self), "é\u{301}😀\u{10FFFF}", "",
    ]

    @Test("stays on one line, without a control character, and comes back whole", arguments: hostile)
    func staysOneLine(text: String) throws {
        let log = CapturedLog()
        log.jsonLogger(text).info(
            "\(text)",
            metadata: [text: "\(text)", "list": ["\(text)"], "map": [text: ["\(text)"]], "c": .stringConvertible(text)]
        )
        try expectOneCleanLine(log)
        let object = try log.onlyObject()
        let scalars = Array(text.unicodeScalars)
        for value in [object["message"], object["logger"], object[text], object["c"]] {
            #expect((value as? String).map { Array($0.unicodeScalars) } == scalars)
        }
        #expect(((object["list"] as? [String])?.first).map { Array($0.unicodeScalars) } == scalars)
        #expect(object["truncated"] == nil)
    }

    @Test("stays on one line in the text format too", arguments: hostile)
    func textStaysOneLine(text: String) throws {
        let log = CapturedLog()
        log.textLogger(text).info("\(text)", metadata: [text: "\(text)", "map": [text: ["\(text)"]]])
        try expectOneCleanLine(log)
    }

    private func expectOneCleanLine(_ log: CapturedLog) throws {
        try #require(log.lines.count == 1)
        let line = log.lines[0]
        #expect(line.last == 0x0A)
        let scalars = String(decoding: line.dropLast(), as: UTF8.self).unicodeScalars
        #expect(scalars.allSatisfy { $0.properties.generalCategory != .control })
        #expect(scalars.allSatisfy { $0.properties.generalCategory != .format })
        #expect(scalars.allSatisfy { $0.value != 0x2028 && $0.value != 0x2029 })
    }

    @Test("random bytes in every position never break the line", arguments: 1...20)
    func randomBytes(seed: Int) throws {
        var state = UInt64(seed)
        for _ in 0..<50 {
            let bytes = (0..<40).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let log = CapturedLog()
            log.jsonLogger(text).info("\(text)", metadata: [text: "\(text)"])
            #expect(log.lines[0].count { $0 == 0x0A } == 1)
            #expect(try log.onlyObject()["message"] as? String == text)
        }
    }
}
