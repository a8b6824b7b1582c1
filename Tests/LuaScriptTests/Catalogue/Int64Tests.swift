// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling
import TestSupport
import Testing

/// The include int64 against the integers of Swift.
@Suite("include int64", .privateRedis, .serialized)
struct Int64Tests {
    static let fieldCount = 10

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    /// Runs the spec on pairs and returns the fields it replies with for each.
    private func run(_ pairs: [(UInt64, UInt64)]) async throws -> [[ByteText]] {
        let root = ScriptHarness.luaFolder
        let text = try String(contentsOf: root.appending(path: "spec/int64_spec.lua"), encoding: .utf8)
        let spec = try Bundler(root: root).fragment(name: "spec/int64_spec", source: text)
        let arguments = pairs.flatMap { [ByteText($0.0), ByteText($0.1)] }
        let out = try await self.scene.harness.evaluate(spec.source, arguments: arguments)
        #expect(out.count == pairs.count * Self.fieldCount)
        return stride(from: 0, to: out.count, by: Self.fieldCount).map { Array(out[$0..<($0 + Self.fieldCount)]) }
    }

    /// What the spec should say of a pair.
    private func expected(_ a: UInt64, _ b: UInt64) -> [ByteText] {
        let (sum, difference) = (Int128(a) + Int128(b), Int128(a) - Int128(b))
        let range = Int128(0)...Int128(Int64.max)
        let verdicts = [a < b, range.contains(sum), range.contains(difference), a <= UInt64(Int64.max)]
        let bytes = ByteText((0..<8).map { UInt8(truncatingIfNeeded: a >> (56 - 8 * UInt64($0))) })
        let numbers = [ByteText(a), ByteText(b), ByteText(sum), ByteText(difference), ByteText(-difference)]
        return numbers + verdicts.map { $0 ? "yes" : "no" } + [bytes]
    }

    private func check(_ pairs: [(UInt64, UInt64)], _ comment: Comment) async throws {
        for (pair, fields) in zip(pairs, try await self.run(pairs)) {
            #expect(fields == self.expected(pair.0, pair.1), "\(comment): \(pair)")
        }
    }

    @Test("Every operation is exact around the powers of two and ten where representations change")
    func edges() async throws {
        var values: Set<UInt64> = [0, 1, 9, 10, 255, 256, 9_999_999_999_999_999_999]
        for power: UInt64 in [1 << 32, 1 << 53, 1 << 62, 1 << 63, 10_000_000_000, 1_000_000_000_000_000_000] {
            values.formUnion([power - 1, power, power + 1, power / 10, power - power / 10])
        }
        let all = values.sorted()
        for a in all { try await self.check(all.map { (a, $0) }, "edges") }
    }

    @Test("Every operation is exact on 2,000 random pairs of all lengths")
    func randomPairs() async throws {
        var random = SeededGenerator()
        print("int64: seed \(random.seed)")
        let pairs = (0..<2000).map { _ in
            let (a, b) = (Self.number(&random), Self.number(&random))
            // Neighbours are where comparisons and borrows go wrong.
            return Int.random(in: 0..<4, using: &random) == 0 ? (a, a == 0 ? 1 : a - 1) : (a, b)
        }
        try await self.check(pairs, "seed \(random.seed)")
    }

    /// A number of 1 to 19 digits, each length as likely.
    private static func number(_ random: inout SeededGenerator) -> UInt64 {
        let digits = Int.random(in: 1...19, using: &random)
        let limit = (0..<digits).reduce(UInt64(1)) { product, _ in product * 10 }
        return UInt64.random(in: 0..<limit, using: &random)
    }

    @Test("Texts of more than 19 digits are never sound")
    func tooLong() async throws {
        let source = """
            --include <int64>
            local big = int64.open()
            local out = {}
            for i = 1, #ARGV do out[i] = big.sound(ARGV[i]) and 'yes' or 'no' end
            return out
            """
        let fragment = try Bundler(root: ScriptHarness.luaFolder).fragment(name: "spec/sound", source: source)
        let texts: [ByteText] = [
            "0", "9223372036854775807", "9223372036854775808", "10000000000000000000", "00000000000000000001",
        ]
        let out = try await self.scene.harness.evaluate(fragment.source, arguments: texts)
        #expect(out == ["yes", "yes", "no", "no", "no"])
    }
}
