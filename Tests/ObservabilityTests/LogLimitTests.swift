// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Logging
import Observability
import Testing

@Suite("Bounds of a log line")
struct LogLimitTests {
    private let log = CapturedLog()

    @Test("a value of a megabyte is cut between two characters and listed as truncated")
    func longValues() throws {
        let long = String(repeating: "ä", count: 500_000)
        log.jsonLogger().info("\(long)", metadata: ["k": "\(long)", "short": "s"])
        #expect(log.lines[0].count < 3 * LogLimits.valueBytes)
        let object = try log.onlyObject()
        let message = try #require(object["message"] as? String)
        #expect(message == String(repeating: "ä", count: LogLimits.valueBytes / 2) + "…")
        #expect(object["k"] as? String == message)
        #expect(object["short"] as? String == "s")
        #expect(object["truncated"] as? [String] == ["message", "k"])
    }

    @Test("a character that would straddle the bound is left out")
    func straddling() throws {
        log.jsonLogger().info("x", metadata: ["k": .string("a" + String(repeating: "😀", count: 2_000))])
        let value = try #require(try log.onlyObject()["k"] as? String)
        #expect(value.utf8.count == 1 + 4 * 1_023 + "…".utf8.count)
    }

    @Test("a value of exactly the bound is not cut")
    func exactBound() throws {
        let text = String(repeating: "x", count: LogLimits.valueBytes)
        log.jsonLogger().info("x", metadata: ["k": .string(text)])
        let object = try log.onlyObject()
        #expect(object["k"] as? String == text)
        #expect(object["truncated"] == nil)
    }

    @Test("a wide or deep value is cut and stays valid JSON")
    func nestedValues() throws {
        var deep = Logger.MetadataValue.string("bottom")
        for _ in 0..<1_000 { deep = .array([deep]) }
        let wide = Logger.MetadataValue.array(Array(repeating: .stringConvertible(1), count: 100_000))
        let keys = Dictionary(uniqueKeysWithValues: (0..<5_000).map { ("key\($0)", Logger.MetadataValue.string("")) })
        log.jsonLogger().info("x", metadata: ["deep": deep, "wide": wide, "keys": .dictionary(keys)])
        #expect(log.lines[0].count < 4 * LogLimits.valueBytes)
        let object = try log.onlyObject()
        #expect(object["truncated"] as? [String] == ["deep", "keys", "wide"])
        #expect((object["wide"] as? [Int])?.count == LogLimits.valueBytes / 8)
    }

    @Test("too many fields and overlong keys are left out, and the line says so")
    func tooManyFields() throws {
        var metadata = Logger.Metadata()
        for index in 0..<200 { metadata["k\(1_000 + index)"] = "v" }
        metadata[String(repeating: "k", count: LogLimits.keyBytes + 1)] = "v"
        log.jsonLogger().info("x", metadata: metadata)
        let object = try log.onlyObject()
        #expect(object.count == 4 + LogLimits.fields + 1)
        #expect(object["truncated"] as? [String] == ["…"])
        #expect(object["k1000"] as? String == "v")
    }
}
