// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import Foundation
internal import NIOHTTP1
internal import StrictJSON

/// What all funding has in common.
struct FundingOptions: ParsableArguments {
    @Option(help: "How much, in the budget's unit.")
    var amount: Int64

    @Option(help: "Why; goes into the audit log.")
    var reason: String?

    @Option(help: "Run again with the same key, it is done once and answered twice; made up unless given.")
    var idempotencyKey: String?
}

/// A change that may or may not have happened.
struct ChangeUncertain: Error, CustomStringConvertible {
    let reason: any Error
    let idempotencyKey: String

    var description: String { "\(reason)\nTo try again and not do it twice, add --idempotency-key \(idempotencyKey)" }
}

extension AdminClient {
    /// Funds a budget and shows what it was and is.
    fileprivate func fund(
        _ operation: String, _ place: BudgetPlace, _ options: FundingOptions, spent: Int64? = nil
    ) async throws -> CommandOutput {
        let key = options.idempotencyKey ?? "cli-" + UUID().uuidString.lowercased()
        var body = RequestBody()
        body.set("operation", operation)
        body.set("amount", options.amount, in: place.unit)
        body.set("spent", spent, in: place.unit)
        body.set("reason", options.reason)
        body.set("idempotency_key", key)
        let query = place.query + [("tenant_id", try tenant(ofScope: place.scope))]
        do {
            let answer = try await send(.POST, BudgetCommand.path + "/fund", query: query, body: body.bytes)
            return CommandOutput(answer.root, text: Self.change(answer.root, place.unit))
        } catch let refusal as Refusal where refusal.status < 500 {
            throw refusal
        } catch {
            throw ChangeUncertain(reason: error, idempotencyKey: key)
        }
    }

    private static func change(_ root: JSONValue, _ unit: UnitWord) -> String {
        let rows: [(String, StaticString, StaticString)] = [
            ("allocated", "previous_allocated", "new_allocated"), ("spent", "previous_spent", "new_spent"),
            ("debt", "previous_debt", "new_debt"), ("remaining", "previous_remaining", "new_remaining"),
        ]
        let cells = rows.map { [$0.0, TableText.amount($0.1)(root), TableText.amount($0.2)(root)] }
        return TableText.table(head: [unit.rawValue, "BEFORE", "AFTER"], cells).joined(separator: "\n")
    }
}

/// `holdfast budget fund`.
struct BudgetFund: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "fund", abstract: "Adds to a budget; what it owes is repaid first.",
        discussion: "Example: holdfast budget fund tenant:acme --unit TOKENS --amount 500000 --reason 'top up'",
        aliases: ["credit"])

    @OptionGroup var place: BudgetPlace
    @OptionGroup var options: FundingOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.fund("CREDIT", place, options)
    }
}

/// `holdfast budget debit`.
struct BudgetDebit: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "debit", abstract: "Takes from what is left of a budget.",
        discussion: "Example: holdfast budget debit tenant:acme --unit TOKENS --amount 1000")

    @OptionGroup var place: BudgetPlace
    @OptionGroup var options: FundingOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.fund("DEBIT", place, options)
    }
}

/// `holdfast budget reset`.
struct BudgetReset: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Sets what is allocated; what is spent, reserved and owed stays.",
        discussion: "Example: holdfast budget reset tenant:acme --unit TOKENS --amount 2000000")

    @OptionGroup var place: BudgetPlace
    @OptionGroup var options: FundingOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.fund("RESET", place, options)
    }
}

/// `holdfast budget reset-spent`.
struct BudgetResetSpent: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-spent", abstract: "Begins a new period: sets what is allocated and what was spent.",
        discussion: """
            What is reserved and owed stays.

            Example: holdfast budget reset-spent tenant:acme --unit TOKENS --amount 1000000
            """)

    @OptionGroup var place: BudgetPlace
    @OptionGroup var options: FundingOptions

    @Option(help: "What was spent, 0 unless given.")
    var spent: Int64?

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.fund("RESET_SPENT", place, options, spent: spent)
    }
}

/// `holdfast budget repay-debt`.
struct BudgetRepayDebt: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "repay-debt", abstract: "Repays what a budget owes; what is left over is added to it.",
        discussion: "Example: holdfast budget repay-debt tenant:acme --unit TOKENS --amount 1000")

    @OptionGroup var place: BudgetPlace
    @OptionGroup var options: FundingOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.fund("REPAY_DEBT", place, options)
    }
}
