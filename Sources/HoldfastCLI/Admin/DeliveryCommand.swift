// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast delivery`.
struct DeliveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery", abstract: "Shows what was sent to subscriptions, and sends it again.",
        discussion: "Example: holdfast delivery dead-letters --tenant acme",
        subcommands: [DeliveryList.self, DeliveryResend.self, DeliveryDeadLetters.self])

    /// Deliveries as people read them.
    static func text(_ root: JSONValue, withSubscription: Bool) -> String {
        var columns = [
            TableText.Column("TIME", "attempted_at"), .init("DELIVERY", "delivery_id"), .init("EVENT", "event_id"),
            .init("TYPE", "event_type"), .init("STATUS", "status"), .init("ATTEMPTS", "attempts"),
            .init("ANSWER", "response_status"), .init("ERROR", "error_message"),
        ]
        if withSubscription { columns.insert(.init("SUBSCRIPTION", "subscription_id"), at: 1) }
        return TableText.page(root, "deliveries", columns, none: "There is no such delivery.")
    }
}

/// `holdfast delivery list`.
struct DeliveryList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists a subscription's deliveries of the last 14 days, the newest first.",
        discussion: "Example: holdfast delivery list whsub_2aQm9vY1x8tR4kLpZs --status FAILED")

    @Argument(help: "The id of the subscription.")
    var subscription: String

    @Option(help: "PENDING, RETRYING, SUCCESS or FAILED.")
    var status: String?

    @Option(help: "Only from this time on, as in 2027-01-01T00:00:00Z.")
    var from: String?

    @Option(help: "Only until this time.")
    var to: String?

    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [("status", status), ("from", from), ("to", to)]
        let answer = try await client.send(
            .GET, WebhookCommand.path(subscription) + "/deliveries", query: query + page.query)
        return CommandOutput(answer.root, text: DeliveryCommand.text(answer.root, withSubscription: false))
    }
}

/// `holdfast delivery resend`.
struct DeliveryResend: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend", abstract: "Sends the event of a delivery to its subscription once more.",
        discussion: """
            As a new delivery; the event keeps its id.

            Example: holdfast delivery resend del_2aQm9vY1x8tR4kLpZs
            """)

    @Argument(help: "The id of the delivery.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let path = "/v1/admin/x-holdfast/deliveries/" + AdminClient.escaped(id) + "/resend"
        let answer = try await client.send(.POST, path)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast delivery dead-letters`.
struct DeliveryDeadLetters: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Lists deliveries of all subscriptions that were given up.",
        discussion: "Example: holdfast delivery dead-letters --tenant acme")

    @Option(help: "Only those of this tenant's subscriptions; __system__ for the operator's.")
    var tenant: String?

    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(
            .GET, "/v1/admin/x-holdfast/dead-letters", query: [("tenant_id", tenant)] + page.query)
        return CommandOutput(answer.root, text: DeliveryCommand.text(answer.root, withSubscription: true))
    }
}
