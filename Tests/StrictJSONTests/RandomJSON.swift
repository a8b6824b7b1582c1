// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A seeded source of random numbers: a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Writes random valid JSON: all kinds of values, escapes, white space and number forms.
struct RandomJSON {
    var random: SeededGenerator
    private var out: [UInt8] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func document(depth: Int = 4) -> [UInt8] {
        out = []
        space()
        value(depth)
        space()
        return out
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func put(_ text: String) { out.append(contentsOf: text.utf8) }

    private mutating func space() {
        while chance(15) { put([" ", "\n", "\t", "\r"].randomElement(using: &random) ?? " ") }
    }

    private mutating func value(_ depth: Int) {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: put("true")
        case 1: put("false")
        case 2: put("null")
        case 3: number()
        case 4: integer()
        case 5: string(unique: nil)
        case 6: array(depth)
        default: object(depth)
        }
    }

    private mutating func array(_ depth: Int) {
        put("[")
        space()
        for position in 0..<Int.random(in: 0...4, using: &random) {
            if position > 0 { put(",") }
            space()
            value(depth - 1)
            space()
        }
        put("]")
    }

    private mutating func object(_ depth: Int) {
        put("{")
        space()
        let count = chance(5) ? 30 : Int.random(in: 0...5, using: &random)
        for position in 0..<count {
            if position > 0 { put(",") }
            space()
            string(unique: position)
            space()
            put(":")
            space()
            value(depth - 1)
            space()
        }
        put("}")
    }

    private mutating func integer() {
        if chance(40) { put("-") }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: put(String(Int64.random(in: 1...100, using: &random)))
        case 1: put(String(Int64.random(in: 1...Int64.max, using: &random)))
        case 2: put(String(Int64.max - Int64.random(in: 0...3, using: &random)))
        default: put("1" + String(UInt64.random(in: 1 << 62...UInt64.max, using: &random)))
        }
    }

    private mutating func number() {
        if chance(30) { put("-") }
        put(chance(30) ? "0" : String(Int.random(in: 1...1_000_000_000, using: &random)))
        if chance(60) { put("." + String(Int.random(in: 0...1_000_000_000, using: &random))) }
        if chance(50) {
            put(chance(50) ? "e" : "E")
            put(["", "+", "-"].randomElement(using: &random) ?? "")
            put(String(Int.random(in: 0...250, using: &random)))
        }
    }

    /// A string; keys end in their position, so that no two of an object are the same.
    private mutating func string(unique position: Int?) {
        let pool: [Unicode.Scalar] = [
            "a", "b", "Z", "0", " ", "\"", "\\", "/", "\u{8}", "\u{c}", "\n", "\r", "\t", "\u{1}", "\u{1f}", "\u{7f}",
            "é", "ß", "€", "\u{2028}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "😀", "\u{10ffff}",
        ]
        put("\"")
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            character(pool.randomElement(using: &random) ?? "a")
        }
        if let position { put(String(position)) }
        put("\"")
    }

    private mutating func character(_ scalar: Unicode.Scalar) {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{c}": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t",
        ]
        let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
        if !mustEscape, chance(75) { return put(String(scalar)) }
        if let form = short[scalar], chance(70) { return put(form) }
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16, uppercase: chance(50))
            put("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        }
    }
}

/// One of ten small damages to a text.
func damaged(_ text: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var text = text
    let position = Int.random(in: 0...text.count, using: &random)
    let structural = Array("{}[]:,\"\\u0-+.eE1 \ttfn".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC0, 0xED, 0xEF, 0xF4, 0xFF]
    let byte = structural.randomElement(using: &random) ?? 0
    switch Int.random(in: 0..<10, using: &random) {
    case 0...2:
        text.insert(byte, at: position)
    case 3...4:
        if position < text.count { text[position] = byte }
    case 5:
        if position < text.count { text[position] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
    case 6...7:
        if position < text.count { text.remove(at: position) }
    case 8:
        text.removeSubrange(position...)
    default:
        let length = min(text.count - position, Int.random(in: 0...8, using: &random))
        text.insert(contentsOf: text[position..<position + length], at: position)
    }
    return text
}
