// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast budget`.
struct BudgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budget",
        abstract: "Creates, funds and freezes budgets: one for a scope and a unit.",
        discussion: """
            A scope is tenant:<id>, then any of workspace, app, workflow, agent and toolset in this order. A \
            reservation counts against every scope above it that has a budget in its unit. 1 dollar is 100000000 \
            USD_MICROCENTS.

            Example, 5 dollars more for production:

              holdfast budget fund tenant:acme/workspace:prod --unit USD_MICROCENTS --amount 500000000
            """,
        subcommands: [
            BudgetCreate.self, BudgetList.self, BudgetLookup.self, BudgetUpdate.self, BudgetFund.self,
            BudgetDebit.self, BudgetReset.self, BudgetResetSpent.self, BudgetRepayDebt.self, BudgetFreeze.self,
            BudgetUnfreeze.self, BudgetBulk.self,
        ])

    static let path = "/v1/admin/budgets"
}

/// Which budget.
struct BudgetPlace: ParsableArguments {
    @Argument(help: "Its scope, as in tenant:acme/workspace:prod.")
    var scope: String

    @Option(help: "Its unit.")
    var unit: UnitWord

    /// As query parameters.
    var query: [(name: String, value: String?)] { [("scope", scope), ("unit", unit.rawValue)] }
}

/// `holdfast budget create`.
struct BudgetCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a budget.",
        discussion:
            "Example: holdfast budget create tenant:acme --unit TOKENS --allocated 1000000 --overdraft-limit 5000")

    @OptionGroup var place: BudgetPlace

    @Option(help: "What may be spent.")
    var allocated: Int64

    @Option(help: "How much debt commits may make.")
    var overdraftLimit: Int64?

    @Option(help: "What happens to a commit above the reserved amount.")
    var overagePolicy: OverageWord?

    @Option(help: "NONE, CARRY_FORWARD or CAP_AT_ALLOCATED; stored, and nothing acts on it.")
    var rolloverPolicy: String?

    @Option(help: "When its period begins, as in 2027-01-01T00:00:00Z; stored.")
    var periodStart: String?

    @Option(help: "When its period ends; stored.")
    var periodEnd: String?

    @Option(name: .customLong("metadata"), help: "A note, key=value; may be repeated.")
    var metadata: [KeyValue] = []

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("tenant_id", try tenant(ofScope: place.scope))
        body.set("scope", place.scope)
        body.set("unit", place.unit.rawValue)
        body.set("allocated", allocated, in: place.unit)
        body.set("overdraft_limit", overdraftLimit, in: place.unit)
        body.set("commit_overage_policy", overagePolicy?.rawValue)
        body.set("rollover_policy", rolloverPolicy)
        body.set("period_start", periodStart)
        body.set("period_end", periodEnd)
        body.set("metadata", metadata)
        let answer = try await client.send(.POST, BudgetCommand.path, body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast budget list`.
struct BudgetList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists budgets, the most used first.",
        discussion: "Example: holdfast budget list --tenant acme --utilization-min 0.8")

    @Option(help: "Only budgets of this tenant.")
    var tenant: String?

    @Option(help: "Only scopes that begin like this.")
    var scopePrefix: String?

    @Option(help: "Only budgets in this unit.")
    var unit: UnitWord?

    @Option(help: "ACTIVE, FROZEN or CLOSED.")
    var status: String?

    @Flag(help: "Only budgets over their overdraft limit.")
    var overLimit = false

    @Flag(help: "Only budgets in debt.")
    var hasDebt = false

    @Option(help: "Only budgets of which at least this part is spent, 0 to 1.")
    var utilizationMin: String?

    @Option(help: "Only budgets of which at most this part is spent, 0 to 1.")
    var utilizationMax: String?

    @Option(help: "Only budgets with this in their tenant or scope.")
    var search: String?

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [
            ("tenant_id", tenant), ("scope_prefix", scopePrefix), ("unit", unit?.rawValue), ("status", status),
            ("over_limit", overLimit ? "true" : nil), ("has_debt", hasDebt ? "true" : nil),
            ("utilization_min", utilizationMin), ("utilization_max", utilizationMax), ("search", search),
        ]
        let answer = try await client.send(.GET, BudgetCommand.path, query: query + order.query + page.query)
        let columns = [
            TableText.Column("SCOPE", "scope"), .init("UNIT", "unit"),
            .init("ALLOCATED", TableText.amount("allocated")), .init("SPENT", TableText.amount("spent")),
            .init("RESERVED", TableText.amount("reserved")), .init("DEBT", TableText.amount("debt")),
            .init("REMAINING", TableText.amount("remaining")),
            .init("STATUS") { row in
                let status = row.member("status").map(TableText.text) ?? ""
                return row.member("is_over_limit")?.bool() == true ? status + ", over limit" : status
            },
        ]
        return CommandOutput(
            answer.root, text: TableText.page(answer.root, "ledgers", columns, none: "There is no such budget."))
    }
}

/// `holdfast budget lookup`.
struct BudgetLookup: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup", abstract: "Shows the budget of one scope and unit.",
        discussion: "Example: holdfast budget lookup tenant:acme --unit TOKENS", aliases: ["get"])

    @OptionGroup var place: BudgetPlace
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, BudgetCommand.path + "/lookup", query: place.query)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast budget update`.
struct BudgetUpdate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes what a budget allows; its numbers are changed by funding.",
        discussion: "Example: holdfast budget update tenant:acme --unit TOKENS --overdraft-limit 10000")

    @OptionGroup var place: BudgetPlace

    @Option(help: "How much debt commits may make.")
    var overdraftLimit: Int64?

    @Option(help: "What happens to a commit above the reserved amount.")
    var overagePolicy: OverageWord?

    @Option(name: .customLong("metadata"), help: "A note, key=value, in place of all that are there; may be repeated.")
    var metadata: [KeyValue] = []

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("overdraft_limit", overdraftLimit, in: place.unit)
        body.set("commit_overage_policy", overagePolicy?.rawValue)
        body.set("metadata", metadata)
        guard !body.isEmpty else { throw ValidationError("name something to change; see --help") }
        let answer = try await client.send(.PATCH, BudgetCommand.path, query: place.query, body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

extension AdminClient {
    /// Freezes a budget, or puts it to use again.
    fileprivate func turn(_ verb: String, _ place: BudgetPlace, _ reason: String?) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("reason", reason)
        let answer = try await send(.POST, BudgetCommand.path + "/" + verb, query: place.query, body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast budget freeze`.
struct BudgetFreeze: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze", abstract: "Lets nothing new be reserved from a budget; what is reserved can be settled.",
        discussion: "Example: holdfast budget freeze tenant:acme --unit TOKENS --reason 'spending looks wrong'")

    @OptionGroup var place: BudgetPlace

    @Option(help: "Why.")
    var reason: String?

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.turn("freeze", place, reason)
    }
}

/// `holdfast budget unfreeze`.
struct BudgetUnfreeze: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "unfreeze", abstract: "Puts a frozen budget to use again.",
        discussion: "Example: holdfast budget unfreeze tenant:acme --unit TOKENS")

    @OptionGroup var place: BudgetPlace

    @Option(help: "Why.")
    var reason: String?

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.turn("unfreeze", place, reason)
    }
}
