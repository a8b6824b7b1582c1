// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Logging
import Observability
import Testing

@Suite("Log keys")
struct LogKeyTests {
    @Test("every key is lower snake case and none collides with a fixed field", arguments: LogKey.allCases)
    func naming(key: LogKey) {
        #expect(key.rawValue.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x5F })
        #expect(!["timestamp", "level", "logger", "message", "truncated"].contains(key.rawValue))
    }

    @Test("no key is one the handler would redact", arguments: LogKey.allCases)
    func neverRedacted(key: LogKey) throws {
        let log = CapturedLog()
        log.jsonLogger().info("x", metadata: .keyed([key: "value"]))
        #expect(try log.onlyObject()[key.rawValue] as? String == "value")
    }

    @Test("of a key given twice the later value stays")
    func duplicates() {
        let metadata = Logger.Metadata.keyed([.tenant: "a", .tenant: "b"])
        #expect(metadata == ["tenant": "b"])
        #expect(metadata[.tenant] == "b")
    }
}
