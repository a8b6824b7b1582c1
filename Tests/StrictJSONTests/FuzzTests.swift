// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import StrictJSON
import Testing

/// What Foundation makes of a text.
private enum FoundationTree: Decodable {
    case null
    case bool(Bool)
    case number(Int64?, Double)
    case string(String)
    case array([FoundationTree])
    case object([String: FoundationTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(try? container.decode(Int64.self), value)
        } else if let value = try? container.decode([FoundationTree].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: FoundationTree].self))
        }
    }
}

@Suite("Random input")
struct FuzzTests {
    /// Whether both parsers read the same from a text both accept.
    private static func agree(_ ours: JSONValue, _ theirs: FoundationTree) -> Bool {
        switch (ours.kind, theirs) {
        case (.null, .null):
            return true
        case (.true, .bool(let value)), (.false, .bool(let value)):
            return ours.bool() == value
        case (.number, .number(let integer, let double)):
            if let exact = ours.int64() { return exact == integer }
            return ours.double() == double
        case (.string, .string(let value)):
            return ours.stringBytes() == Array(value.utf8)
        case (.array, .array(let values)):
            return ours.count == values.count && zip(ours.elements, values).allSatisfy { agree($0, $1) }
        case (.object, .object(let values)):
            let keys = ours.members.map { String(decoding: $0.key.stringBytes() ?? [], as: UTF8.self) }
            // Foundation's dictionary takes keys that are equivalent in Unicode for one.
            guard Set(keys).count == keys.count else { return values.count < keys.count }
            guard keys.count == values.count else { return false }
            return zip(ours.members, keys).allSatisfy { member, key in
                values[key].map { agree(member.value, $0) } ?? false
            }
        default:
            return false
        }
    }

    /// Whether there is a number Foundation refuses though it is valid: one beyond the range of doubles, or a zero
    /// written with an exponent (`0e6`, `1e-400`).
    private static func hasNumberFoundationRefuses(_ value: JSONValue) -> Bool {
        if value.kind == .number {
            guard let double = value.double() else { return true }
            return double == 0 && value.raw.contains { $0 | 0x20 == UInt8(ascii: "e") }
        }
        return value.elements.contains { hasNumberFoundationRefuses($0) }
            || value.members.contains { hasNumberFoundationRefuses($0.value) }
    }

    @Test("that is valid is accepted and read as Foundation reads it")
    func validDocuments() throws {
        for seed in 0..<1_000 {
            var generator = RandomJSON(seed: UInt64(seed))
            let text = generator.document()
            let ours = try JSONDocument.parse(text).root
            if Self.hasNumberFoundationRefuses(ours) { continue }
            let theirs = try JSONDecoder().decode(FoundationTree.self, from: Foundation.Data(text))
            #expect(Self.agree(ours, theirs), "seed \(seed)")
        }
    }

    @Test("that is damaged is refused, or else read as Foundation reads it")
    func damagedDocuments() throws {
        var accepted = 0
        for seed in 0..<6_000 {
            var generator = RandomJSON(seed: UInt64(seed))
            let text = damaged(generator.document(depth: 2), &generator.random)
            guard let ours = try? JSONDocument.parse(text).root else { continue }
            if Self.hasNumberFoundationRefuses(ours) { continue }
            accepted += 1
            let theirs = try JSONDecoder().decode(FoundationTree.self, from: Foundation.Data(text))
            #expect(Self.agree(ours, theirs), "seed \(seed)")
        }
        #expect(accepted > 500)
    }

    @Test("never crashes anything, and what is accepted stays itself through the canonical form")
    func mutations() throws {
        let body = #"""
            {"idempotency_key":"r-1","subject":{"tenant":"acme","dimensions":{"a\u0062":"\ud83d\ude00é"}},
            "estimate":{"amount":-9223372036854775808,"x":[1.5e-7,12345678901234567890,0,true,null]},"m":{}}
            """#
        var random = SeededGenerator(seed: 77)
        for round in 0..<10_000 {
            var text = Array(body.utf8)
            for _ in 0...Int.random(in: 0...4, using: &random) { text = damaged(text, &random) }
            do throws(JSONSyntaxError) {
                let root = try JSONDocument.parse(text).root
                Self.readEverything(root)
                let canonical = CanonicalJSON.bytes(of: root)
                #expect(CanonicalJSON.bytes(of: try JSONDocument.parse(canonical).root) == canonical, "round \(round)")
            } catch {
                #expect((0...text.count).contains(error.offset), "round \(round)")
            }
        }
    }

    @Test("of plain noise never crashes the parser")
    func noise() {
        var random = SeededGenerator(seed: 78)
        let alphabet = Array("{}[]:,\"\\ue019-+.tfn \n".utf8) + [0x80, 0xC3, 0xE2, 0xF0, 0x00]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...40, using: &random)
            let text = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            if let root = try? JSONDocument.parse(text).root { Self.readEverything(root) }
        }
    }

    /// Calls all there is to call on a value and within.
    private static func readEverything(_ value: JSONValue) {
        _ = value.raw
        _ = value.path
        _ = value.int64()
        _ = value.double()
        _ = value.stringSlice()
        _ = value.isString("tenant", folding: true)
        if var fields = try? JSONFields(value, caseInsensitiveKeys: true, nullIsAbsent: true) {
            _ = try? fields.requiredString("tenant", characters: 1...4)
            _ = try? fields.finish()
        }
        for element in value.elements { readEverything(element) }
        for member in value.members {
            _ = member.key.fieldError("is odd")
            readEverything(member.value)
        }
    }
}
