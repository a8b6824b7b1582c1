// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast webhook`.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Subscribes URLs to events, and changes, tests and ends subscriptions.",
        discussion: """
            Example, a tenant's used-up budgets and refusals, and one attempt to see whether events arrive:

              holdfast webhook create https://hooks.example.com/x --tenant acme --type budget.exhausted \
                --type reservation.denied
              holdfast webhook test whsub_2aQm9vY1x8tR4kLpZs
            """,
        subcommands: [
            WebhookCreate.self, WebhookList.self, WebhookGet.self, WebhookUpdate.self, WebhookPause.self,
            WebhookResume.self, WebhookDelete.self, WebhookTest.self, WebhookReplay.self, WebhookBulk.self,
            WebhookSecurityCommand.self,
        ])

    static let path = "/v1/admin/webhooks"

    /// The path of a subscription.
    static func path(_ id: String) -> String { path + "/" + AdminClient.escaped(id) }
}

/// What creating and changing have in common.
struct WebhookTermsOptions: ParsableArguments {
    @Option(name: .customLong("type"), help: "Events of this type, as in budget.exhausted; may be repeated.")
    var types: [String] = []

    @Option(name: .customLong("category"), help: "All events of this category, as in budget; may be repeated.")
    var categories: [String] = []

    @Option(help: "Only events of this scope, or with * at its end of scopes that begin like this.")
    var scopeFilter: String?

    @Option(help: "Its name.")
    var name: String?

    @Option(help: "What it is for.")
    var description: String?

    @Option(name: .customLong("header"), help: "A header to send along, name=value; may be repeated.")
    var headers: [KeyValue] = []

    @Option(help: "A file with the secret to sign with, or - for the input; made by the server unless given.")
    var signingSecretFile: String?

    @Option(help: "default, or strict: events wait until the one before is delivered or given up.")
    var ordering: String?

    @Option(name: .customLong("threshold"), help: "Tell when this part of a budget is used, 0 to 1; may be repeated.")
    var thresholds: [Double] = []

    @Option(help: "Tell when spending is this many times as fast as before, 1.5 or more.")
    var burnRateMultiplier: Double?

    @Option(help: "Over how many seconds the speed of spending is measured, 60 to 86400.")
    var burnRateWindow: Int64?

    @Option(help: "How often to try again, 0 to 10.")
    var maxRetries: Int64?

    @Option(name: .customLong("initial-delay-ms"), help: "The wait before the first of these, 100 to 60000.")
    var initialDelayMs: Int64?

    @Option(help: "How much longer each further wait is, 1 to 10.")
    var backoffMultiplier: Double?

    @Option(name: .customLong("max-delay-ms"), help: "The longest wait, 1000 to 3600000.")
    var maxDelayMs: Int64?

    @Option(help: "After how many deliveries in a row that are given up it is disabled.")
    var disableAfter: Int64?

    @Option(name: .customLong("metadata"), help: "A note, key=value; may be repeated.")
    var metadata: [KeyValue] = []

    /// Puts all but types and categories into a request.
    func fill(_ body: inout RequestBody) throws {
        body.set("scope_filter", scopeFilter)
        body.set("name", name)
        body.set("description", description)
        body.set("headers", headers)
        body.set("signing_secret", try signingSecretFile.map(InputFile.line(of:)))
        body.set("ordering", ordering)
        var limits = RequestBody()
        limits.set("budget_utilization", thresholds)
        limits.set("burn_rate_multiplier", burnRateMultiplier)
        limits.set("burn_rate_window_seconds", burnRateWindow)
        body.set("thresholds", limits)
        var retries = RequestBody()
        retries.set("max_retries", maxRetries)
        retries.set("initial_delay_ms", initialDelayMs)
        retries.set("backoff_multiplier", backoffMultiplier)
        retries.set("max_delay_ms", maxDelayMs)
        body.set("retry_policy", retries)
        body.set("disable_after_failures", disableAfter)
        body.set("metadata", metadata)
    }
}

/// `holdfast webhook create`.
struct WebhookCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Subscribes a URL to events and shows its signing secret, this once.",
        discussion: """
            With --tenant it gets events of that tenant's budgets, reservations and of itself; without, events of all \
            tenants and of the installation. One type at least has to be named; categories come on top.

            Example: holdfast webhook create https://hooks.example.com/x --tenant acme --type budget.exhausted
            """)

    @Argument(help: "Where to send events.")
    var url: String

    @Option(help: "The tenant that it belongs to; the operator unless given.")
    var tenant: String?

    @OptionGroup(title: "Terms") var terms: WebhookTermsOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard !terms.types.isEmpty else { throw ValidationError("name one type of events at least, by --type") }
    }

    /// The request.
    func body() throws -> RequestBody {
        var body = RequestBody()
        body.set("url", url)
        body.set("event_types", terms.types)
        body.set("event_categories", terms.categories)
        try terms.fill(&body)
        return body
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(
            .POST, WebhookCommand.path, query: [("tenant_id", tenant)], body: try body().bytes)
        var rows = answer.root.member("subscription")?.members.map {
            [TableText.text($0.key), TableText.text($0.value)]
        }
        rows?.append(["signing_secret", answer.root.member("signing_secret").map(TableText.text) ?? ""])
        let text = TableText.table(rows ?? []).joined(separator: "\n")
        return CommandOutput(answer.root, text: text + "\n\nKeep signing_secret: it is not shown again.")
    }
}

/// `holdfast webhook list`.
struct WebhookList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists subscriptions, those that fail most first.",
        discussion: "Example: holdfast webhook list --tenant acme --status DISABLED")

    @Option(help: "Only subscriptions of this tenant; __system__ for the operator's.")
    var tenant: String?

    @Option(help: "ACTIVE, PAUSED or DISABLED.")
    var status: String?

    @Option(name: .customLong("type"), help: "Only subscriptions that name this type of event.")
    var type: String?

    @Option(help: "Only subscriptions with this in their id or URL.")
    var search: String?

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [("tenant_id", tenant), ("status", status), ("event_type", type), ("search", search)]
        let answer = try await client.send(.GET, WebhookCommand.path, query: query + order.query + page.query)
        let columns = [
            TableText.Column("SUBSCRIPTION", "subscription_id"), .init("OWNER", "tenant_id"), .init("URL", "url"),
            .init("STATUS", "status"), .init("FAILURES", "consecutive_failures"),
        ]
        return CommandOutput(
            answer.root,
            text: TableText.page(answer.root, "subscriptions", columns, none: "There is no such subscription."))
    }
}

/// `holdfast webhook get`.
struct WebhookGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a subscription, without its secrets.",
        discussion: "Example: holdfast webhook get whsub_2aQm9vY1x8tR4kLpZs")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, WebhookCommand.path(id))
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast webhook update`.
struct WebhookUpdate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes a subscription; counts from the next attempt on.",
        discussion: """
            Types, categories, headers, notes, thresholds (--threshold, --burn-rate-…) and retries (--max-retries, \
            --…-delay-ms, --backoff-multiplier) are each replaced as a whole when one of their options is given.

            Example: holdfast webhook update whsub_2aQm9vY1x8tR4kLpZs --clear-types --category budget
            """)

    @Argument(help: "Its id.")
    var id: String

    @Option(name: .customLong("to-url"), help: "Where to send events from now on.")
    var newURL: String?

    @Flag(help: "Name no types any more.")
    var clearTypes = false

    @Flag(help: "Name no categories any more.")
    var clearCategories = false

    @OptionGroup(title: "Terms") var terms: WebhookTermsOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard !clearTypes || terms.types.isEmpty else {
            throw ValidationError("--clear-types and --type exclude each other")
        }
        guard !clearCategories || terms.categories.isEmpty else {
            throw ValidationError("--clear-categories and --category exclude each other")
        }
    }

    /// The request.
    func body() throws -> RequestBody {
        var body = RequestBody()
        body.set("url", newURL)
        body.set("event_types", terms.types, evenEmpty: clearTypes)
        body.set("event_categories", terms.categories, evenEmpty: clearCategories)
        try terms.fill(&body)
        guard !body.isEmpty else { throw ValidationError("name something to change; see --help") }
        return body
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.PATCH, WebhookCommand.path(id), body: try body().bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

extension AdminClient {
    /// Gives a subscription another status.
    fileprivate func setStatus(_ status: String, ofWebhook id: String) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("status", status)
        let answer = try await send(.PATCH, WebhookCommand.path(id), body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast webhook pause`.
struct WebhookPause: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Sends nothing to a subscription until it is resumed.",
        discussion: """
            Events of the meantime are not sent later; holdfast webhook replay does that.

            Example: holdfast webhook pause whsub_2aQm9vY1x8tR4kLpZs
            """)

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.setStatus("PAUSED", ofWebhook: id)
    }
}

/// `holdfast webhook resume`.
struct WebhookResume: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Puts a paused or disabled subscription to use again and forgets its failures.",
        discussion: "Example: holdfast webhook resume whsub_2aQm9vY1x8tR4kLpZs")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.setStatus("ACTIVE", ofWebhook: id)
    }
}

/// `holdfast webhook delete`.
struct WebhookDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Ends a subscription; what it waits for is not sent any more.",
        discussion: "Example: holdfast webhook delete whsub_2aQm9vY1x8tR4kLpZs")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.DELETE, WebhookCommand.path(id))
        return CommandOutput(answer.root, text: "The subscription \(TableText.printable(id)) is no more.")
    }
}

/// `holdfast webhook test`.
struct WebhookTest: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Sends a test event once and says how it went; exit code 1 if it failed.",
        discussion: """
            The event is of the type system.webhook_test and signed like all others.

            Example: holdfast webhook test whsub_2aQm9vY1x8tR4kLpZs
            """)

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.POST, WebhookCommand.path(id) + "/test")
        return CommandOutput(
            answer.root, text: TableText.object(answer.root),
            isFailure: answer.root.member("success")?.bool() != true)
    }
}

/// `holdfast webhook replay`.
struct WebhookReplay: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Sends events of a time span to a subscription once more, oldest first.",
        discussion: """
            All of the span that the subscription gets, or none when there are more than --max-events. They keep their \
            ids; running it twice sends them twice.

            Example: holdfast webhook replay whsub_2aQm9vY1x8tR4kLpZs --from 2027-01-01T00:00:00Z --max-events 1000
            """)

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "From this time on, as in 2027-01-01T00:00:00Z.")
    var from: String?

    @Option(help: "Until this time.")
    var to: String?

    @Option(name: .customLong("type"), help: "Only events of this type; may be repeated.")
    var types: [String] = []

    @Option(help: "How many at most, 1 to 1000; 100 unless given.")
    var maxEvents: Int64?

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("from", from)
        body.set("to", to)
        body.set("event_types", types)
        body.set("max_events", maxEvents)
        let answer = try await client.send(.POST, WebhookCommand.path(id) + "/replay", body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}
