// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The ledgers that a workload plays with, and the subjects whose scopes they are.
enum BudgetTree {
    /// A ledger as it is opened.
    struct Plot: Sendable {
        let scope: String
        let allocated: Int64
        /// 0 for a ledger that may never be overdrawn.
        let overdraftLimit: Int64
        /// What happens to overage where neither request nor policy say.
        var policy: BudgetRequest.Policy?
        /// Whether what it has may be set below what is in use.
        var mayBeReset = false
    }

    /// A policy as it is made, without any terms yet.
    struct PolicyPlot: Sendable {
        let pattern: String
        /// Whose reservations it matches.
        let subjects: Set<Subject>
        /// Of two with the same priority, the higher counts.
        let rank: Int
    }

    /// The tenant, two workspaces, an agent in each. Two of them may go into debt.
    static let plots = [
        Plot(scope: "tenant:acme", allocated: 60_000, overdraftLimit: 0),
        Plot(
            scope: "tenant:acme/workspace:prod", allocated: 30_000, overdraftLimit: 0, policy: .reject, mayBeReset: true
        ),
        Plot(scope: "tenant:acme/workspace:test", allocated: 40_000, overdraftLimit: 10_000, mayBeReset: true),
        Plot(scope: "tenant:acme/workspace:prod/agent:ada", allocated: 12_000, overdraftLimit: 0),
        Plot(
            scope: "tenant:acme/workspace:test/agent:bob", allocated: 6_000, overdraftLimit: 8_000,
            policy: .allowWithOverdraft, mayBeReset: true),
    ]

    /// Two that both match one agent, and one for the other workspace.
    static let policies = [
        PolicyPlot(pattern: "tenant:acme/workspace:prod/*", subjects: [.ada, .eve], rank: 0),
        PolicyPlot(pattern: "tenant:acme/workspace:prod/agent:ada", subjects: [.ada], rank: 1),
        PolicyPlot(pattern: "tenant:acme/workspace:test/agent:*", subjects: [.bob], rank: 0),
    ]

    /// The tenant's TTL where neither request nor policy say, ms: longer than any run, for what expires while the end
    /// is looked at would be counted twice. And the longest TTL, of a tenant that names none.
    static let defaultTTLMs: Int64 = 3_000_000
    static let maxTTLMs: Int64 = 3_600_000

    /// The unit of all of them.
    static let unit = "TOKENS"
    static let tenant = "acme"

    /// The ledgers as they are opened.
    static var opened: [Ledger] {
        plots.map { Ledger(allocated: $0.allocated, overdraftLimit: $0.overdraftLimit) }
    }

    /// The place of a ledger among ``plots``.
    static func ledger(of scope: String) -> Int? { plots.firstIndex { $0.scope.utf8.elementsEqual(scope.utf8) } }
}

/// On whose behalf a reservation is made.
enum Subject: Int, CaseIterable, Hashable, Sendable {
    case tenant, prod, test, ada, bob
    /// An agent without a ledger of its own.
    case eve

    /// The ledgers among its scopes, root first.
    var ledgers: [Int] {
        switch self {
        case .tenant: [0]
        case .prod, .eve: [0, 1]
        case .test: [0, 2]
        case .ada: [0, 1, 3]
        case .bob: [0, 2, 4]
        }
    }

    /// The deepest scope, with a ledger or without.
    var path: String {
        switch self {
        case .eve: "tenant:acme/workspace:prod/agent:eve"
        case .tenant, .prod, .test, .ada, .bob: BudgetTree.plots[rawValue].scope
        }
    }

    /// The JSON members of the subject of a request.
    var json: String {
        let members = path.split(separator: "/").map { segment in
            let parts = segment.split(separator: ":")
            return "\"\(parts[0])\":\"\(parts[1])\""
        }
        return "{\(members.joined(separator: ","))}"
    }
}

/// One ledger's numbers.
struct Ledger: Hashable, Sendable, CustomStringConvertible {
    var allocated: Int64
    var reserved: Int64 = 0
    var spent: Int64 = 0
    var debt: Int64 = 0
    var overdraftLimit: Int64
    var isOverLimit = false

    /// What is left; workloads stay far below the limits of int64.
    var remaining: Int64 { allocated - spent - reserved - debt }

    var description: String {
        "a\(allocated) r\(reserved) s\(spent) d\(debt) o\(overdraftLimit)\(isOverLimit ? " over" : "")"
    }
}

/// A ledger as an answer shows it.
struct LedgerRow: Hashable, Sendable {
    /// Its place among ``BudgetTree/plots``.
    var ledger: Int
    var numbers: Ledger
    /// As the answer has it.
    var remaining: Int64

    init(_ ledger: Int, _ numbers: Ledger, remaining: Int64? = nil) {
        self.ledger = ledger
        self.numbers = numbers
        self.remaining = remaining ?? numbers.remaining
    }
}
