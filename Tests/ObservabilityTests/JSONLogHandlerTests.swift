// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Logging
import Observability
import Testing

@Suite("JSON log lines")
struct JSONLogHandlerTests {
    private let log = CapturedLog()

    @Test("an event is one object with the fixed fields first and the metadata sorted behind them")
    func exactLine() {
        log.jsonLogger("http").info(
            "request served",
            metadata: .keyed([
                .tenant: "acme",
                .requestID: "r-1",
                .status: .stringConvertible(201),
                .durationSeconds: .seconds(.microseconds(1_500)),
                .replayed: .stringConvertible(false),
            ])
        )
        #expect(
            log.text == """
                {"timestamp":"2026-01-31T08:05:00.250Z","level":"info","logger":"http","message":"request served",\
                "duration_s":0.0015,"replayed":false,"request_id":"r-1","status":201,"tenant":"acme"}

                """
        )
    }

    @Test("nested metadata becomes nested JSON")
    func nestedMetadata() throws {
        log.jsonLogger().notice(
            "x",
            metadata: [
                "list": ["a", .stringConvertible(2), ["k": "v"]], "empty": .dictionary([:]), "none": .array([]),
            ]
        )
        let object = try log.onlyObject()
        let list = try #require(object["list"] as? [Any])
        #expect(list.count == 3)
        #expect(list[0] as? String == "a")
        #expect(list[1] as? Int == 2)
        #expect(list[2] as? [String: String] == ["k": "v"])
        #expect((object["empty"] as? [String: Any])?.isEmpty == true)
        #expect((object["none"] as? [Any])?.isEmpty == true)
    }

    @Test("whole numbers of every width stay exact, and what is no JSON number becomes a string")
    func numbers() {
        log.jsonLogger().info(
            "n",
            metadata: [
                "a": .stringConvertible(Int64.min), "b": .stringConvertible(UInt64.max),
                "c": .stringConvertible(Double.infinity), "d": .stringConvertible(Double.nan),
                "e": .stringConvertible(UInt16(7)), "f": .stringConvertible(true), "g": .stringConvertible(1e21),
            ]
        )
        #expect(
            log.text.hasSuffix(
                """
                ,"a":-9223372036854775808,"b":18446744073709551615,"c":"inf","d":"nan","e":7,"f":true,"g":1e+21}

                """
            )
        )
    }

    @Test("the event's metadata wins over the provider's, and that over the logger's")
    func precedence() throws {
        let provider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "p": "provider"] }
        var logger = log.jsonLogger(provider: provider)
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "l"] = "logger"
        logger.info("x", metadata: ["b": "event"])
        let object = try log.onlyObject()
        #expect(object["a"] as? String == "provider")
        #expect(object["b"] as? String == "event")
        #expect(object["p"] as? String == "provider")
        #expect(object["l"] as? String == "logger")
    }

    @Test("the level and the metadata of a logger are values: a copy changes alone")
    func valueSemantics() {
        var first = log.jsonLogger(level: .debug)
        first[.tenant] = "first"
        var second = first
        second.logLevel = .error
        second[.tenant] = "second"
        #expect(first.logLevel == .debug)
        #expect(second.logLevel == .error)
        #expect(first[.tenant] == "first")
        #expect(second[.tenant] == "second")
        second.info("not written")
        #expect(log.lines.isEmpty)
    }

    @Test("an attached error becomes the fields error and error_type")
    func attachedError() throws {
        struct Broken: Error, CustomStringConvertible {
            let description = "it\nbroke"
        }
        log.jsonLogger().error("failed", error: Broken(), metadata: ["error": "shadowed"])
        let object = try log.onlyObject()
        #expect(object["error"] as? String == "it\nbroke")
        #expect((object["error_type"] as? String)?.hasSuffix("Broken") == true)
    }

    @Test("metadata cannot shadow the fixed fields, and no two keys end up the same")
    func shadowing() throws {
        log.jsonLogger().info(
            "real", metadata: ["message": "forged", "level": "forged", "field.message": "other", "timestamp": "x"])
        let object = try log.onlyObject()
        #expect(object["message"] as? String == "real")
        #expect(object["level"] as? String == "info")
        #expect(object["field.message"] as? String == "forged")
        #expect(object["field.field.message"] as? String == "other")
        #expect(object.count == 4 + 4)
    }
}
