// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// Requests once everything is over: each row of the state matrix with fresh keys (runtime digest 6.7), and old
/// requests once more. What the answers must be follows from the final state alone.
struct Aftermath: Sendable {
    /// Reservations that are probed, and requests that are repeated.
    private static let samples = 120

    let client: Client
    let record: Record
    let seed: UInt64

    func probe(_ reservations: [String: FinalState.Reservation]) async {
        var random = SeededGenerator(seed: seed)
        let ids = reservations.keys.sorted().shuffled(using: &random).prefix(Self.samples)
        let repeated = record.history.budgetCalls.filter { $0.request.keyName != nil }
            .shuffled(using: &random).prefix(Self.samples)
        for (turn, id) in ids.enumerated() {
            guard let phase = reservations[id]?.phase else { continue }
            await probe(id, phase, turn: turn)
        }
        for (turn, call) in repeated.enumerated() {
            // What failed then may work now, and would move the ledgers.
            guard call.answer?.outcome.isKeyedSuccess == true else { continue }
            await client.send(call.request, turn: turn)
        }
    }

    /// Lists of everything, in as many orders as there is time for.
    func walk(through count: Int) async {
        var random = SeededGenerator(seed: seed &+ 1)
        let orders = Walk.Query.Sort.allCases.flatMap { [($0, true), ($0, false)] }.shuffled(using: &random)
        for (turn, (sort, isDescending)) in orders.prefix(max(4, 25_000 / max(1, count))).enumerated() {
            await client.walk(.init(sort: sort, isDescending: isDescending, limit: 200), turn: turn)
        }
    }

    private func probe(_ id: String, _ phase: FinalState.Phase, turn: Int) async {
        let expected: BudgetOutcome
        switch phase {
        case .active, .odd: return
        case .committed, .released: expected = .refused(status: 409, code: "RESERVATION_FINALIZED", scope: nil)
        case .expired: expected = .refused(status: 410, code: "RESERVATION_EXPIRED", scope: nil)
        }
        let key = "after-\(turn)"
        let probes: [BudgetRequest] = [
            .commit(reservation: id, actual: 1, key: key), .release(reservation: id, reason: "late", key: key),
            .extend(reservation: id, byMs: 1_000, key: key),
        ]
        for request in probes {
            let answer = await client.send(request, turn: turn)
            if answer?.outcome != expected {
                record.add(Finding(.matrix, "\(id) is \(phase), and \(request) gives \(String(describing: answer))"))
            }
        }
    }
}
