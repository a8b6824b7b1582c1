// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Logging
import Observability
import Testing

@Suite("Text log lines")
struct TextLogHandlerTests {
    private let log = CapturedLog()

    @Test("plain words stand bare, everything else is quoted")
    func exactLine() {
        log.textLogger("http").warning(
            "slow request",
            metadata: [
                "route": "/v1/x", "why": "two words", "n": .stringConvertible(3), "empty": "", "list": ["a"],
                "authorization": "Bearer x",
            ]
        )
        #expect(
            log.text == """
                2026-01-31T08:05:00.250Z WARNING http slow request authorization="<redacted>" empty="" list=["a"] n=3 \
                route=/v1/x why="two words"

                """
        )
    }

    @Test("the format setting picks the handler")
    func format() throws {
        #expect(LogFormat(rawValue: "json") == .json)
        #expect(LogFormat(rawValue: "xml") == nil)
        let json = LogFormat.json.handler(label: "a", level: .error, sink: log)
        let text = LogFormat.text.handler(label: "a", level: .debug, sink: log)
        #expect(json is JSONLogHandler)
        #expect(json.logLevel == .error)
        #expect(text is TextLogHandler)
        #expect(text.logLevel == .debug)
    }
}
