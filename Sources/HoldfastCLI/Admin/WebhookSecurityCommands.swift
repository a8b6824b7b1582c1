// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast webhook security`.
struct WebhookSecurityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "security", abstract: "Shows and sets where webhooks may go.",
        discussion: "Example: holdfast webhook security get",
        subcommands: [WebhookSecurityGet.self, WebhookSecuritySet.self])

    static let path = "/v1/admin/config/webhook-security"
}

/// `holdfast webhook security get`.
struct WebhookSecurityGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows where webhooks may go.",
        discussion: "Example: holdfast webhook security get --json")

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, WebhookSecurityCommand.path)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}

/// `holdfast webhook security set`.
struct WebhookSecuritySet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets where webhooks may go; holds for URLs that are set from then on.",
        discussion: """
            Replaces all rules; what is not given is as at the start: private networks blocked, any URL, no http.

            Example: holdfast webhook security set --allowed-url 'https://*.example.com/*'
            """)

    @Option(name: .customLong("blocked-range"), help: "No addresses of this range, as in 10.0.0.0/8; may be repeated.")
    var blockedRanges: [String] = []

    @Flag(help: "Block no ranges.")
    var noBlockedRanges = false

    @Option(name: .customLong("allowed-url"), help: "Only URLs like this, * for any characters; may be repeated.")
    var allowedURLs: [String] = []

    @Flag(name: .customLong("allow-http"), help: "Allow http besides https.")
    var isHTTPAllowed = false

    @OptionGroup(title: "Server") var server: ServerOptions

    func validate() throws {
        guard !noBlockedRanges || blockedRanges.isEmpty else {
            throw ValidationError("--no-blocked-ranges and --blocked-range exclude each other")
        }
    }

    /// The request.
    var body: RequestBody {
        var body = RequestBody()
        body.set("blocked_cidr_ranges", blockedRanges, evenEmpty: noBlockedRanges)
        body.set("allowed_url_patterns", allowedURLs)
        body.set("allow_http", isHTTPAllowed ? true : nil)
        return body
    }

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.PUT, WebhookSecurityCommand.path, body: body.bytes)
        return CommandOutput(answer.root, text: TableText.object(answer.root))
    }
}
