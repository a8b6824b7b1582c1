// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import TestSupport
import Testing

/// Steps of chance by the scripts and in a model that is stated a second time: after each of them every answer, every
/// event and every key of the tenant is as the model says, and in the end nothing is left of what was held along with
/// other things. Set `SEED` to have a run again, and `RUNS` for more of them.
@Suite("Registered resources against a model", .privateRedis, .serialized)
struct ResourceModelTests {
    private static let steps = 120

    /// Seeds of the runs: that of the environment, or some of chance.
    private static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["SEED"].flatMap({ UInt64($0) }) { return [seed] }
        let count = environment["RUNS"].flatMap { Int($0) } ?? 12
        return (0..<count).map { _ in UInt64.random(in: 1...999_999_999) }
    }

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    @Test("Whatever is asked of them, scripts and model agree, and nothing is left in the end")
    func agrees() async throws {
        let seeds = Self.seeds
        var seen: [ByteText: Int] = [:]
        for seed in seeds {
            var world = try await ResourceWorld(self.scene)
            var operations = ResourceOperations(seed: seed)
            var done: [ResourceOperation] = []
            do {
                for _ in 0..<Self.steps {
                    let operation = operations.next(world.state)
                    done.append(operation)
                    try await world.run(operation)
                }
                try await world.drain(closing: seed.isMultiple(of: 3))
            } catch {
                let last = done.suffix(5).map { "\n    \($0)" }.joined()
                Issue.record("SEED=\(seed), step \(done.count): \(error)\nThe last steps:\(last)")
                return
            }
            seen.merge(world.seen) { $0 + $1 }
        }
        // Runs that met nothing prove nothing. DERIVED, to a force release of what comes along, is too rare to ask for.
        guard seeds.count >= 12 else { return }
        let words: [ByteText] = [
            "ACQUIRED", "ALREADY_HAD", "ALREADY_HELD", "NOT_AVAILABLE", "NOT_VALID", "AVAILABLE", "LIMITED",
            "RELINQUISHED", "NOT_OWNER", "BAD_TOKEN", "NOT_RESERVED", "KEPT", "RENEWED", "FORCED", "DEFINED",
        ]
        for word in words { #expect(seen[word, default: 0] > 0, "\(word) never came, SEEDS \(seeds)") }
    }
}
