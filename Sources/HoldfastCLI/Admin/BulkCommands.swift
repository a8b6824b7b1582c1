// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import Foundation
internal import NIOHTTP1
internal import StrictJSON

/// What all bulk actions have in common.
struct BulkOptions: ParsableArguments {
    @Option(help: "Do nothing unless this many match.")
    var expectedCount: Int64?

    @Option(help: "Run again with the same key, it is done once and answered twice; made up unless given.")
    var idempotencyKey: String?
}

extension AdminClient {
    /// Applies an action to all that a filter matches, and shows what became of each.
    fileprivate func bulk(
        _ path: String, _ action: String, _ filter: RequestBody, _ options: BulkOptions,
        more: (inout RequestBody) -> Void = { _ in }
    ) async throws -> CommandOutput {
        let key = options.idempotencyKey ?? "cli-" + UUID().uuidString.lowercased()
        var body = RequestBody()
        body.set("filter", filter)
        body.set("action", action)
        more(&body)
        body.set("expected_count", options.expectedCount)
        body.set("idempotency_key", key)
        do {
            let root = try await send(.POST, path + "/bulk-action", body: body.bytes).root
            return CommandOutput(
                root, text: BulkText.text(root), isFailure: root.member("failed").map { $0.count > 0 } ?? true)
        } catch let refusal as Refusal where refusal.status < 500 {
            throw refusal
        } catch {
            throw ChangeUncertain(reason: error, idempotencyKey: key)
        }
    }
}

/// The outcome of a bulk action as people read it.
enum BulkText {
    /// A line on all, then one on each that was not simply done.
    static func text(_ root: JSONValue) -> String {
        func count(_ name: StaticString) -> Int { root.member(name)?.count ?? 0 }
        let total = root.member("total_matched").map(TableText.text) ?? ""
        let first =
            "\(total) matched: \(count("succeeded")) done, \(count("failed")) failed, \(count("skipped")) skipped"
        let rows = Self.rows(root, "failed", "error_code", "message") + Self.rows(root, "skipped", "reason", "message")
        guard !rows.isEmpty else { return first }
        let table = TableText.table(head: ["ID", "OUTCOME", "WHY", "MESSAGE"], rows)
        return ([first, ""] + table).joined(separator: "\n")
    }

    private static func rows(
        _ root: JSONValue, _ outcome: StaticString, _ why: StaticString, _ message: StaticString
    ) -> [[String]] {
        guard let list = root.member(outcome) else { return [] }
        return list.elements.map { row in
            [
                row.member("id").map(TableText.text) ?? "", "\(outcome)", row.member(why).map(TableText.text) ?? "",
                row.member(message).map(TableText.text) ?? "",
            ]
        }
    }
}

/// What can be done to many tenants.
enum TenantBulkWord: String, CaseIterable, ExpressibleByArgument {
    case suspend, reactivate, close
}

/// `holdfast tenant bulk`.
struct TenantBulk: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Suspends, reactivates or closes many tenants; exit code 1 if one failed.",
        discussion: """
            All that fit every filter given, up to 500. Closing is for ever and takes --yes.

            Example: holdfast tenant bulk suspend --search trial- --expected-count 12
            """)

    @Argument(help: "suspend, reactivate or close.")
    var action: TenantBulkWord

    @Option(help: "ACTIVE, SUSPENDED or CLOSED.")
    var status: String?

    @Option(help: "Only tenants below this one.")
    var parent: String?

    @Option(help: "Only tenants with this in their id or name.")
    var search: String?

    @Flag(help: "Yes, for ever.")
    var yes = false

    @OptionGroup var options: BulkOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard yes || action != .close else {
            throw ValidationError("closed tenants stay closed for ever; say --yes to close them")
        }
        guard !filter.isEmpty else { throw ValidationError("say which, by one filter at least") }
    }

    /// Which tenants.
    var filter: RequestBody {
        var filter = RequestBody()
        filter.set("status", status)
        filter.set("parent_tenant_id", parent)
        filter.set("search", search)
        return filter
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.bulk("/v1/admin/tenants", action.rawValue.uppercased(), filter, options)
    }
}

/// What can be done to many budgets.
enum BudgetBulkWord: String, CaseIterable, ExpressibleByArgument {
    case fund = "CREDIT"
    case debit = "DEBIT"
    case reset = "RESET"
    case resetSpent = "RESET_SPENT"
    case repayDebt = "REPAY_DEBT"

    init?(argument: String) {
        switch argument {
        case "fund", "credit": self = .fund
        case "debit": self = .debit
        case "reset": self = .reset
        case "reset-spent": self = .resetSpent
        case "repay-debt": self = .repayDebt
        default: return nil
        }
    }

    static var allValueStrings: [String] { ["fund", "debit", "reset", "reset-spent", "repay-debt"] }
}

/// `holdfast budget bulk`.
struct BudgetBulk: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Funds many budgets of a tenant; exit code 1 if one failed.",
        discussion: """
            All in this unit that fit every filter given, up to 500.

            Example: holdfast budget bulk reset-spent --tenant acme --unit TOKENS --amount 1000000
            """)

    @Argument(help: "fund, debit, reset, reset-spent or repay-debt; see the verbs of these names.")
    var action: BudgetBulkWord

    @Option(help: "The tenant whose budgets they are.")
    var tenant: String

    @Option(help: "Their unit.")
    var unit: UnitWord

    @Option(help: "How much for each, in this unit.")
    var amount: Int64

    @Option(help: "What was spent, with reset-spent; 0 unless given.")
    var spent: Int64?

    @Option(help: "Why; goes into the audit log.")
    var reason: String?

    @Option(help: "Only scopes that begin like this.")
    var scopePrefix: String?

    @Option(help: "ACTIVE, FROZEN or CLOSED.")
    var status: String?

    @Flag(help: "Only budgets over their overdraft limit.")
    var overLimit = false

    @Flag(help: "Only budgets in debt.")
    var hasDebt = false

    @Option(help: "Only budgets of which at least this part is spent, 0 to 1.")
    var utilizationMin: Double?

    @Option(help: "Only budgets of which at most this part is spent, 0 to 1.")
    var utilizationMax: Double?

    @Option(help: "Only budgets with this in their tenant or scope.")
    var search: String?

    @OptionGroup var options: BulkOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard spent == nil || action == .resetSpent else { throw ValidationError("--spent goes with reset-spent") }
    }

    /// Which budgets.
    var filter: RequestBody {
        var filter = RequestBody()
        filter.set("tenant_id", tenant)
        filter.set("unit", unit.rawValue)
        filter.set("scope_prefix", scopePrefix)
        filter.set("status", status)
        filter.set("over_limit", overLimit ? true : nil)
        filter.set("has_debt", hasDebt ? true : nil)
        filter.set("utilization_min", utilizationMin)
        filter.set("utilization_max", utilizationMax)
        filter.set("search", search)
        return filter
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.bulk(BudgetCommand.path, action.rawValue, filter, options) { body in
            body.set("amount", amount, in: unit)
            body.set("spent", spent, in: unit)
            body.set("reason", reason)
        }
    }
}

/// What can be done to many subscriptions.
enum WebhookBulkWord: String, CaseIterable, ExpressibleByArgument {
    case pause, resume, delete
}

/// `holdfast webhook bulk`.
struct WebhookBulk: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Pauses, resumes or ends many subscriptions; exit code 1 if one failed.",
        discussion: """
            All that fit every filter given, up to 500. Ending them takes --yes.

            Example: holdfast webhook bulk pause --tenant acme --expected-count 3
            """)

    @Argument(help: "pause, resume or delete.")
    var action: WebhookBulkWord

    @Option(help: "Only subscriptions of this tenant; __system__ for the operator's.")
    var tenant: String?

    @Option(help: "ACTIVE, PAUSED or DISABLED.")
    var status: String?

    @Option(name: .customLong("type"), help: "Only subscriptions that name this type of event.")
    var type: String?

    @Option(help: "Only subscriptions with this in their id or URL.")
    var search: String?

    @Flag(help: "Yes, end them.")
    var yes = false

    @OptionGroup var options: BulkOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard yes || action != .delete else {
            throw ValidationError("what is deleted does not come back; say --yes to delete subscriptions")
        }
        guard !filter.isEmpty else { throw ValidationError("say which, by one filter at least") }
    }

    /// Which subscriptions.
    var filter: RequestBody {
        var filter = RequestBody()
        filter.set("tenant_id", tenant)
        filter.set("status", status)
        filter.set("event_type", type)
        filter.set("search", search)
        return filter
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.bulk(WebhookCommand.path, action.rawValue.uppercased(), filter, options)
    }
}
