// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import SharedKernel
import Testing

/// The table of worked traces of the runtime digest, 2.12.
@Suite("The worked traces of the protocol")
struct WorkedTraceTests {
    enum Step: Sendable {
        /// Only the reservation that all begin with.
        case nothing
        case commit(Int64, OveragePolicy)
        case event(Int64, OveragePolicy)
    }

    /// A step, what it answers, and the ledger afterwards.
    struct Trace: Sendable, CustomTestStringConvertible {
        let step: Step
        let status: Int
        var error: String?
        var charged: Int64?
        var released: Int64?
        /// spent, reserved, debt, remaining, over limit.
        let after: [Int64]

        var testDescription: String { "\(step)" }
    }

    static let traces = [
        Trace(step: .nothing, status: 200, after: [0, 900, 0, 100, 0]),
        Trace(
            step: .commit(700, .allowIfAvailable), status: 200, charged: 700, released: 200,
            after: [700, 0, 0, 300, 0]),
        Trace(step: .commit(950, .allowIfAvailable), status: 200, charged: 950, after: [950, 0, 0, 50, 0]),
        Trace(step: .commit(1_200, .allowIfAvailable), status: 200, charged: 1_000, after: [1_000, 0, 0, 0, 1]),
        Trace(step: .commit(1_100, .allowWithOverdraft), status: 200, charged: 1_100, after: [900, 0, 200, -100, 0]),
        Trace(step: .commit(1_400, .allowWithOverdraft), status: 200, charged: 1_400, after: [900, 0, 500, -400, 0]),
        Trace(
            step: .commit(1_401, .allowWithOverdraft), status: 409, error: "OVERDRAFT_LIMIT_EXCEEDED",
            after: [0, 900, 0, 100, 0]),
        Trace(step: .commit(901, .reject), status: 409, error: "BUDGET_EXCEEDED", after: [0, 900, 0, 100, 0]),
        Trace(step: .event(150, .allowIfAvailable), status: 201, charged: 100, after: [100, 900, 0, 0, 1]),
        Trace(step: .event(150, .allowWithOverdraft), status: 201, after: [0, 900, 150, -50, 0]),
    ]

    @Test("2.12: one ledger, 1000 allocated, limit 500, 900 reserved: each step ends as written", arguments: traces)
    func trace(_ trace: Trace) async throws {
        let t = try await CyclesStack.shared().tenant("traces")
        try await t.ledger(allocated: 1_000, limit: 500)
        let policy =
            switch trace.step {
            case .commit(_, let policy): policy.rawValue
            case .nothing, .event: OveragePolicy.reject.rawValue
            }
        let reserved = try await t.reserve(900, more: #","overage_policy":"\#(policy)""#)
        let id = try #require(reserved.text("reservation_id"))
        let answer =
            switch trace.step {
            case .nothing: reserved
            case .commit(let amount, _): try await t.commit(id, amount)
            case .event(let amount, let policy):
                try await t.event(amount, more: #","overage_policy":"\#(policy.rawValue)""#)
            }
        #expect(answer.status == trace.status && answer.error == trace.error)
        #expect(answer.amount("charged") == trace.charged)
        #expect(answer.amount("released") == trace.released)
        let balance = try #require(try await t.balance())
        #expect([balance[2], balance[1], balance[3], balance[4], balance[5]] == trace.after)
        if trace.error != nil { #expect(try await t.get(id).text("status") == "ACTIVE") }
    }
}
