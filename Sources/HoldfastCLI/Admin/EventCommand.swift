// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast event`.
struct EventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "Shows what happened in the last 90 days.",
        discussion: "Example: holdfast event list --tenant acme --category budget",
        subcommands: [EventList.self, EventGet.self])

    static let path = "/v1/admin/events"
}

/// `holdfast event list`.
struct EventList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists events, the newest first.",
        discussion: "Example: holdfast event list --tenant acme --type reservation.denied --from 2027-01-01T00:00:00Z")

    @Option(help: "Only events of this tenant; __system__ for those of the installation.")
    var tenant: String?

    @Option(name: .customLong("type"), help: "Only events of this type.")
    var type: String?

    @Option(help: "Only events of this category: budget, reservation, tenant, api_key, policy, webhook or system.")
    var category: String?

    @Option(help: "Only scopes that begin like this.")
    var scope: String?

    @Option(name: .customLong("correlation-id"), help: "Only events that belong together by this id.")
    var correlationID: String?

    @Option(name: .customLong("request-id"), help: "Only what the request with this id led to.")
    var requestID: String?

    @Option(name: .customLong("trace-id"), help: "Only what requests with this trace id led to.")
    var traceID: String?

    @Option(help: "Only from this time on, as in 2027-01-01T00:00:00Z.")
    var from: String?

    @Option(help: "Only until this time.")
    var to: String?

    @Option(help: "Only events with this in their scope or correlation id.")
    var search: String?

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [
            ("tenant_id", tenant), ("event_type", type), ("category", category), ("scope", scope),
            ("correlation_id", correlationID), ("request_id", requestID), ("trace_id", traceID), ("from", from),
            ("to", to), ("search", search),
        ]
        let answer = try await client.send(.GET, EventCommand.path, query: query + order.query + page.query)
        let columns = [
            TableText.Column("TIME", "timestamp"), .init("EVENT", "event_id"), .init("TENANT", "tenant_id"),
            .init("TYPE", "event_type"), .init("SCOPE", "scope"),
        ]
        return CommandOutput(
            answer.root, text: TableText.page(answer.root, "events", columns, none: "There is no such event."))
    }
}

/// `holdfast event get`.
struct EventGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows an event.",
        discussion: "Example: holdfast event get evt_2a0649d3f1b7c080 --json")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, EventCommand.path + "/" + AdminClient.escaped(id))
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}
