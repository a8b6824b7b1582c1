// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaCatalog
import TestSupport
import Testing

/// Gives a suite a `redis-server` of its own with all scripts loaded, and ends it after the last test.
struct PrivateRedisTrait: SuiteTrait, TestScoping {
    /// The harness of the suite that is running.
    @TaskLocal static var harness: ScriptHarness?

    /// Bundled once for all suites: it takes longer than most of them.
    private static let scripts = Result { try ScriptHarness.bundle() }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let harness = try await ScriptHarness.start(try Self.scripts.get())
        do {
            try await Self.$harness.withValue(harness) { try await function() }
        } catch {
            await harness.end()
            throw error
        }
        await harness.end()
    }
}

extension Trait where Self == PrivateRedisTrait {
    /// A `redis-server` for this suite.
    static var privateRedis: PrivateRedisTrait { PrivateRedisTrait() }
}
