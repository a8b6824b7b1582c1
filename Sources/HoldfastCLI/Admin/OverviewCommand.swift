// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast overview`.
struct OverviewCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "overview", abstract: "Shows how the installation is doing.",
        discussion: """
            Counts of tenants, budgets, subscriptions and the last hour's events; then budgets over their limit and in \
            debt, subscriptions that fail, and the latest denials and expiries, up to ten of each.

            Example: holdfast overview
            """)

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, "/v1/admin/overview")
        return CommandOutput(answer.root, text: Self.text(answer.root))
    }

    /// The overview as people read it.
    static func text(_ root: JSONValue) -> String {
        let counts: [(String, StaticString)] = [
            ("tenants", "tenant_counts"), ("budgets", "budget_counts"), ("webhooks", "webhook_counts"),
            ("events", "event_counts"),
        ]
        var rows = [["as of", root.member("as_of").map(TableText.text) ?? ""]]
        for (name, member) in counts {
            rows.append([name, root.member(member).map { Self.counts($0, inWords: true) } ?? ""])
        }
        if let reasons = root.member("recent_denials_by_reason"), reasons.count > 0 {
            rows.append(["denials", Self.counts(reasons, inWords: false)])
        }
        let blocks = [TableText.table(rows)] + Self.lists(root)
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// `3 total, 2 active, 1 closed`, and what is in an object in brackets; only what is not somebody's name is put
    /// in words.
    private static func counts(_ object: JSONValue, inWords: Bool) -> String {
        object.members.map { member in
            let name = TableText.text(member.key)
            let shown = inWords ? name.replacing("_", with: " ") : name
            return member.value.kind == .object
                ? "\(shown) (\(counts(member.value, inWords: false)))" : "\(TableText.text(member.value)) \(shown)"
        }.joined(separator: ", ")
    }

    /// The lists that have something in them, each with a title.
    private static func lists(_ root: JSONValue) -> [[String]] {
        let events = [
            TableText.Column("TIME", "timestamp"), .init("TENANT", "tenant_id"), .init("SCOPE", "scope"),
            .init("EVENT", "event_id"),
        ]
        let lists: [(String, StaticString, [TableText.Column])] = [
            (
                "Over their limit:", "over_limit_scopes",
                [
                    .init("SCOPE", "scope"), .init("UNIT", "unit"), .init("ALLOCATED", "allocated"),
                    .init("REMAINING", "remaining"), .init("DEBT", "debt"),
                ]
            ),
            (
                "In debt:", "debt_scopes",
                [
                    .init("SCOPE", "scope"), .init("UNIT", "unit"), .init("DEBT", "debt"),
                    .init("OVERDRAFT LIMIT", "overdraft_limit"),
                ]
            ),
            (
                "Failing webhooks:", "failing_webhooks",
                [
                    .init("SUBSCRIPTION", "subscription_id"), .init("URL", "url"),
                    .init("FAILURES", "consecutive_failures"), .init("LAST", "last_failure_at"),
                ]
            ),
            ("Latest denials:", "recent_denials", events), ("Latest expiries:", "recent_expiries", events),
        ]
        return lists.compactMap { title, member, columns in
            guard let rows = root.member(member), rows.count > 0 else { return nil }
            return [title, TableText.page(root, member, columns, none: "")]
        }
    }
}
