// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast key`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Creates, changes and revokes API keys.",
        discussion: """
            Example, a key that may look and nothing else:

              holdfast key create acme --name dashboard --permission budgets:read --permission balances:read
            """,
        subcommands: [
            KeyCreate.self, KeyList.self, KeyGet.self, KeyUpdate.self, KeyRevoke.self, KeyValidate.self,
            KeyIntrospect.self,
        ])

    static let path = "/v1/admin/api-keys"

    /// The path of a key.
    static func path(_ id: String) -> String { path + "/" + AdminClient.escaped(id) }
}

/// `holdfast key create`.
struct KeyCreate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a key and shows its secret, this once.",
        discussion: """
            Without --permission the key may reserve, settle, list, read balances, and read and write budgets and \
            policies. Without --expires-at it lives for 90 days.

            Example: holdfast key create acme --name production --scope-filter workspace:prod
            """)

    @Argument(help: "The id of its tenant.")
    var tenant: String

    @Option(help: "Its name; shows up in events.")
    var name: String

    @Option(help: "What it is for.")
    var description: String?

    @Option(name: .customLong("permission"), help: "What it may do, as in reservations:create; may be repeated.")
    var permissions: [String] = []

    @Option(help: "Where it may do it, as in workspace:prod or agent:*; may be repeated.")
    var scopeFilter: [String] = []

    @Option(help: "When it ends, as in 2027-01-01T00:00:00Z.")
    var expiresAt: String?

    @Option(name: .customLong("metadata"), help: "A note, key=value; may be repeated.")
    var metadata: [KeyValue] = []

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("tenant_id", tenant)
        body.set("name", name)
        body.set("description", description)
        body.set("permissions", permissions)
        body.set("scope_filter", scopeFilter)
        body.set("expires_at", expiresAt)
        body.set("metadata", metadata)
        let answer = try await client.send(.POST, KeyCommand.path, body: body.bytes)
        return CommandOutput(
            answer.root, text: TableText.object(answer.root) + "\n\nKeep key_secret: it is not shown again.")
    }
}

/// `holdfast key list`.
struct KeyList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists keys, without their secrets.",
        discussion: "Example: holdfast key list --tenant acme --status ACTIVE")

    @Option(help: "Only keys of this tenant.")
    var tenant: String?

    @Option(help: "ACTIVE, REVOKED or EXPIRED.")
    var status: String?

    @Option(help: "Only keys with this in their id or name.")
    var search: String?

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let query = [("tenant_id", tenant), ("status", status), ("search", search)]
        let answer = try await client.send(.GET, KeyCommand.path, query: query + order.query + page.query)
        let columns = [
            TableText.Column("KEY", "key_id"), .init("TENANT", "tenant_id"), .init("NAME", "name"),
            .init("PREFIX", "key_prefix"), .init("STATUS", "status"), .init("EXPIRES", "expires_at"),
        ]
        return CommandOutput(
            answer.root, text: TableText.page(answer.root, "keys", columns, none: "There is no such key."))
    }
}

/// `holdfast key get`.
struct KeyGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a key, without its secret.",
        discussion: "Example: holdfast key get key_2aQm9vY1x8tR4kLpZs")

    @Argument(help: "Its id.")
    var id: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        // The API has lists of keys only. Names are searched as well as ids, so there may be others among the rows.
        var cursor: String?
        repeat {
            let query = [("search", id), ("limit", "100"), ("cursor", cursor)]
            let page = try await client.send(.GET, KeyCommand.path, query: query).root
            for row in page.member("keys")?.elements ?? page.elements
            where row.member("key_id").map(TableText.text) == id {
                return CommandOutput(row, text: TableText.object(row))
            }
            cursor = page.member("next_cursor").map(TableText.text)
        } while cursor != nil
        throw AdminClient.Refusal(
            status: 404, code: "NOT_FOUND", message: "key_id: there is no such API key", requestID: nil)
    }
}

/// `holdfast key update`.
struct KeyUpdate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes a key; counts from its next request on.",
        discussion: """
            Permissions and scope filter are replaced as a whole.

            Example: holdfast key update key_2aQm9vY1x8tR4kLpZs --permission balances:read --clear-scope-filter
            """)

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "Its new name.")
    var name: String?

    @Option(help: "What it is for.")
    var description: String?

    @Option(name: .customLong("permission"), help: "What it may do from now on; may be repeated.")
    var permissions: [String] = []

    @Option(help: "Where it may do it from now on; may be repeated.")
    var scopeFilter: [String] = []

    @Flag(help: "Let it do so everywhere in its tenant.")
    var clearScopeFilter = false

    @Option(name: .customLong("metadata"), help: "A note, key=value, in place of all that are there; may be repeated.")
    var metadata: [KeyValue] = []

    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard !clearScopeFilter || scopeFilter.isEmpty else {
            throw ValidationError("--clear-scope-filter and --scope-filter exclude each other")
        }
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("name", name)
        body.set("description", description)
        body.set("permissions", permissions)
        body.set("scope_filter", scopeFilter, evenEmpty: clearScopeFilter)
        body.set("metadata", metadata)
        guard !body.isEmpty else { throw ValidationError("name something to change; see --help") }
        let answer = try await client.send(.PATCH, KeyCommand.path(id), body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast key revoke`.
struct KeyRevoke: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes a key for ever; its next request is refused.",
        discussion: "Example: holdfast key revoke key_2aQm9vY1x8tR4kLpZs --reason 'found in a log'")

    @Argument(help: "Its id.")
    var id: String

    @Option(help: "Why.")
    var reason: String?

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.DELETE, KeyCommand.path(id), query: [("reason", reason)])
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast key validate`.
struct KeyValidate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Says what a secret opens, and why not if it does not.",
        discussion: """
            Reads the secret from its input, where other users cannot see it.

            Example: printf %s "$API_KEY" | holdfast key validate
            """)

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        var body = RequestBody()
        body.set("key_secret", try InputFile.secret())
        let answer = try await client.send(.POST, "/v1/auth/validate", body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast key introspect`.
struct KeyIntrospect: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "introspect", abstract: "Asks with a tenant's own key what it may do; takes no operator's key.",
        discussion: """
            Reads the secret from its input, where other users cannot see it.

            Example: printf %s "$API_KEY" | holdfast key introspect
            """)

    @OptionGroup(title: "Server") var server: ServerOptions

    func client() throws -> AdminClient { try server.client(tenantKey: try InputFile.secret()) }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, "/v1/auth/introspect")
        let capabilities = answer.root.member("capabilities")?.members.filter { $0.value.bool() == true } ?? []
        var rows = answer.root.members.filter { !$0.key.isString("capabilities") }
            .map { [TableText.text($0.key), TableText.text($0.value)] }
        rows.append(["capabilities", capabilities.map { TableText.text($0.key) }.joined(separator: ", ")])
        return CommandOutput(answer.root, text: TableText.table(rows).joined(separator: "\n"))
    }
}
