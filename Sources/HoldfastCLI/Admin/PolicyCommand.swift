// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast policy`.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Creates and changes policies: how budgets may be spent.",
        discussion: """
            Of the policies whose pattern fits a reservation, the one with the highest priority counts.

            Example, at most 4096 tokens a call for every agent:

              holdfast policy create 'tenant:acme/agent:*' --name agents --max-tokens 4096
            """,
        subcommands: [PolicyCreate.self, PolicyList.self, PolicyUpdate.self])

    static let path = "/v1/admin/policies"
}

/// What a policy says.
struct PolicyTermsOptions: ParsableArguments {
    @Option(help: "What it is for.")
    var description: String?

    @Option(help: "The higher, the sooner it counts.")
    var priority: Int64?

    @Option(help: "Cap: tokens of one call.")
    var maxTokens: Int64?

    @Option(help: "Cap: steps that are left.")
    var maxSteps: Int64?

    @Option(name: .customLong("allow-tool"), help: "Cap: only these tools; may be repeated.")
    var allowedTools: [String] = []

    @Option(name: .customLong("deny-tool"), help: "Cap: not these tools; may be repeated.")
    var deniedTools: [String] = []

    @Option(name: .customLong("cooldown-ms"), help: "Cap: time between calls.")
    var cooldownMs: Int64?

    @Option(help: "What happens to a commit above the reserved amount.")
    var overagePolicy: OverageWord?

    @Option(name: .customLong("default-ttl-ms"), help: "How long a reservation lives that names no time.")
    var defaultTTLMs: Int64?

    @Option(name: .customLong("max-ttl-ms"), help: "How long a reservation may live at most.")
    var maxTTLMs: Int64?

    @Option(help: "How often a reservation may be extended.")
    var maxExtensions: Int64?

    @Option(help: "Reservations a minute.")
    var reservationsPerMinute: Int64?

    @Option(help: "Commits a minute.")
    var commitsPerMinute: Int64?

    @Option(help: "When it begins to count, as in 2027-01-01T00:00:00Z.")
    var effectiveFrom: String?

    @Option(help: "When it stops to count.")
    var effectiveUntil: String?

    /// Puts them into a request; the cleared ones as null when they have no value.
    func fill(_ body: inout RequestBody, clearing cleared: [ClearedTerm] = []) {
        body.set("description", description)
        body.set("priority", priority)
        var caps = RequestBody()
        caps.set("max_tokens", maxTokens)
        caps.set("max_steps_remaining", maxSteps)
        caps.set("tool_allowlist", allowedTools)
        caps.set("tool_denylist", deniedTools)
        caps.set("cooldown_ms", cooldownMs)
        body.set("caps", caps)
        body.set("commit_overage_policy", overagePolicy?.rawValue)
        var times = RequestBody()
        times.set("default_ttl_ms", defaultTTLMs)
        times.set("max_ttl_ms", maxTTLMs)
        times.set("max_extensions", maxExtensions)
        body.set("reservation_ttl_override", times)
        var rates = RequestBody()
        rates.set("max_reservations_per_minute", reservationsPerMinute)
        rates.set("max_commits_per_minute", commitsPerMinute)
        body.set("rate_limits", rates)
        body.set("effective_from", effectiveFrom)
        body.set("effective_until", effectiveUntil)
        if cleared.contains(.description), description == nil { body.setNull("description") }
        if cleared.contains(.caps), caps.isEmpty { body.setNull("caps") }
        if cleared.contains(.overage), overagePolicy == nil { body.setNull("commit_overage_policy") }
        if cleared.contains(.times), times.isEmpty { body.setNull("reservation_ttl_override") }
        if cleared.contains(.rates), rates.isEmpty { body.setNull("rate_limits") }
        if cleared.contains(.from), effectiveFrom == nil { body.setNull("effective_from") }
        if cleared.contains(.until), effectiveUntil == nil { body.setNull("effective_until") }
    }
}

/// What a policy may be without.
enum ClearedTerm: String, CaseIterable, ExpressibleByArgument {
    case description, caps, overage, times, rates, from, until
}

/// `holdfast policy create`.
struct PolicyCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a policy.",
        discussion: "Example: holdfast policy create 'tenant:acme/*' --name calm --reservations-per-minute 600")

    @Argument(
        help: "The scopes it is for: a scope, or one that ends with * for all below, or kind:* for all of a kind.")
    var pattern: String

    @Option(help: "Its name.")
    var name: String

    @OptionGroup(title: "Terms") var terms: PolicyTermsOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("tenant_id", try tenant(ofScope: pattern))
        body.set("name", name)
        body.set("scope_pattern", pattern)
        terms.fill(&body)
        let answer = try await client.send(.POST, PolicyCommand.path, body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast policy list`.
struct PolicyList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists a tenant's policies.",
        discussion: "Example: holdfast policy list acme --status ACTIVE")

    @Argument(help: "The id of the tenant.")
    var tenant: String

    @Option(help: "ACTIVE or DISABLED.")
    var status: String?

    @Option(help: "Only the policies of this pattern.")
    var pattern: String?

    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [("tenant_id", tenant), ("status", status), ("scope_pattern", pattern)]
        let answer = try await client.send(.GET, PolicyCommand.path, query: query + page.query)
        let columns = [
            TableText.Column("POLICY", "policy_id"), .init("NAME", "name"), .init("PATTERN", "scope_pattern"),
            .init("PRIORITY", "priority"), .init("STATUS", "status"),
        ]
        return CommandOutput(
            answer.root, text: TableText.page(answer.root, "policies", columns, none: "There is no such policy."))
    }
}

/// `holdfast policy update`.
struct PolicyUpdate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes a policy; counts from the next request on.",
        discussion: """
            Of caps, times (--default-ttl-ms, --max-ttl-ms, --max-extensions) and rates (--…-per-minute), each is \
            replaced as a whole when one of its options is given.

            Example: holdfast policy update pol_2aQm9vY1x8tR4kLpZs --status DISABLED
            """)

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "Its new name.")
    var name: String?

    @Option(help: "ACTIVE or DISABLED.")
    var status: String?

    @Option(
        name: .customLong("clear"),
        help: "Take away what is not given of description, caps, overage, times, rates, from, until; may be repeated.")
    var cleared: [ClearedTerm] = []

    @OptionGroup(title: "Terms") var terms: PolicyTermsOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("name", name)
        body.set("status", status)
        terms.fill(&body, clearing: cleared)
        guard !body.isEmpty else { throw ValidationError("name something to change; see --help") }
        let path = PolicyCommand.path + "/" + AdminClient.escaped(id)
        let answer = try await client.send(.PATCH, path, body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}
