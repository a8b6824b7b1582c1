// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast tenant`.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant",
        abstract: "Creates and changes tenants: who shares an installation.",
        discussion: """
            Example, a tenant with a key and a budget:

              holdfast tenant create acme --name Acme
              holdfast key create acme --name production
              holdfast budget create tenant:acme --unit TOKENS --allocated 1000000
            """,
        subcommands: [
            TenantCreate.self, TenantList.self, TenantGet.self, TenantUpdate.self, TenantSuspend.self,
            TenantReactivate.self, TenantClose.self, TenantBulk.self,
        ])

    /// The path of a tenant.
    static func path(_ id: String) -> String { "/v1/admin/tenants/" + AdminClient.escaped(id) }
}

/// What creating and changing have in common.
struct TenantTermsOptions: ParsableArguments {
    @Option(help: "What happens to a commit above the reserved amount, unless policy or budget say it.")
    var overagePolicy: OverageWord?

    @Option(name: .customLong("default-ttl-ms"), help: "How long a reservation lives that names no time.")
    var defaultTTLMs: Int64?

    @Option(name: .customLong("max-ttl-ms"), help: "How long a reservation may live at most.")
    var maxTTLMs: Int64?

    @Option(help: "How often a reservation may be extended.")
    var maxExtensions: Int64?

    @Option(name: .customLong("metadata"), help: "A note, key=value; may be repeated.")
    var metadata: [KeyValue] = []

    /// Puts them into a request.
    func fill(_ body: inout RequestBody) {
        body.set("default_commit_overage_policy", overagePolicy?.rawValue)
        body.set("default_reservation_ttl_ms", defaultTTLMs)
        body.set("max_reservation_ttl_ms", maxTTLMs)
        body.set("max_reservation_extensions", maxExtensions)
        body.set("metadata", metadata)
    }
}

/// `holdfast tenant create`.
struct TenantCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a tenant; one that exists under the same name is left as it is.",
        discussion: "Example: holdfast tenant create acme --name Acme --default-ttl-ms 30000")

    @Argument(help: "Its id: 3 to 64 of a-z, 0-9 and -.")
    var id: String

    @Option(help: "Its name; the id unless given.")
    var name: String?

    @Option(help: "The id of the tenant above it.")
    var parent: String?

    @OptionGroup(title: "Reservations") var terms: TenantTermsOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("tenant_id", id)
        body.set("name", name ?? id)
        body.set("parent_tenant_id", parent)
        terms.fill(&body)
        let answer = try await client.send(.POST, "/v1/admin/tenants", body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast tenant list`.
struct TenantList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists tenants.",
        discussion: "Example: holdfast tenant list --status SUSPENDED --sort-by name --sort-dir asc")

    @Option(help: "ACTIVE, SUSPENDED or CLOSED.")
    var status: String?

    @Option(help: "Only tenants below this one.")
    var parent: String?

    @Option(help: "Only tenants with this in their id or name.")
    var search: String?

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [("status", status), ("parent_tenant_id", parent), ("search", search)]
        let answer = try await client.send(.GET, "/v1/admin/tenants", query: query + order.query + page.query)
        let columns = [
            TableText.Column("TENANT", "tenant_id"), .init("NAME", "name"), .init("STATUS", "status"),
            .init("CREATED", "created_at"),
        ]
        return CommandOutput(
            answer.root, text: TableText.page(answer.root, "tenants", columns, none: "There is no such tenant."))
    }
}

/// `holdfast tenant get`.
struct TenantGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a tenant.", discussion: "Example: holdfast tenant get acme")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, TenantCommand.path(id))
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast tenant update`.
struct TenantUpdate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes what a tenant may do.",
        discussion: "Example: holdfast tenant update acme --max-ttl-ms 600000 --metadata plan=gold")

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "Its new name.")
    var name: String?

    @OptionGroup(title: "Reservations") var terms: TenantTermsOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("name", name)
        terms.fill(&body)
        guard !body.isEmpty else { throw ValidationError("name something to change; see --help") }
        let answer = try await client.send(.PATCH, TenantCommand.path(id), body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

extension AdminClient {
    /// Gives a tenant another status and follows what that sets going to its end.
    fileprivate func setStatus(_ status: String, of id: String) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("status", status)
        var answer = try await send(.PATCH, TenantCommand.path(id), body: body.bytes)
        // A tenant with much in it is closed in steps, and asking again drives them on.
        while answer.headers.first(name: "X-Cycles-Cascade-Status") == "in_progress" {
            let seconds = answer.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 1
            try await Task.sleep(for: .seconds(min(max(seconds, 1), 60)))
            answer = try await send(.PATCH, TenantCommand.path(id), body: body.bytes)
        }
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast tenant suspend`.
struct TenantSuspend: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Lets a tenant reserve nothing new; it may still settle and read.",
        discussion: "Example: holdfast tenant suspend acme")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.setStatus("SUSPENDED", of: id)
    }
}

/// `holdfast tenant reactivate`.
struct TenantReactivate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate", abstract: "Ends a suspension.",
        discussion: "Example: holdfast tenant reactivate acme")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.setStatus("ACTIVE", of: id)
    }
}

/// `holdfast tenant close`.
struct TenantClose: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Closes a tenant for ever.",
        discussion: """
            Its reservations are released, its budgets closed and its keys revoked; nothing brings it back. Returns \
            when that is done.

            Example: holdfast tenant close acme --yes
            """)

    @Argument(help: "Its id.")
    var id: String

    @Flag(help: "Yes, for ever.")
    var yes = false

    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard yes else { throw ValidationError("a closed tenant stays closed for ever; say --yes to close \(id)") }
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        try await client.setStatus("CLOSED", of: id)
    }
}
