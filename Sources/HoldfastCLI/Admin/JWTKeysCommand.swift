// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast jwt-keys`.
struct JWTKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwt-keys",
        abstract: "Shows and sets the public keys that a tenant's tokens are signed for.",
        discussion: "Example: holdfast jwt-keys set acme acme-keys.json",
        subcommands: [JWTKeysGet.self, JWTKeysSet.self])

    /// The path of a tenant's public keys.
    static func path(_ tenant: String) -> String {
        "/v1/admin/x-holdfast/tenants/\(AdminClient.escaped(tenant))/jwt-keys"
    }

    /// The keys as people read them.
    static func text(_ root: JSONValue) -> String {
        let columns = [
            TableText.Column("KID", "kid"), .init("TYPE", "kty"), .init("ALGORITHM", "alg"), .init("CURVE", "crv"),
        ]
        return TableText.page(root, "keys", columns, none: "The tenant has no public keys.")
    }
}

/// `holdfast jwt-keys get`.
struct JWTKeysGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a tenant's public keys.",
        discussion: "Example: holdfast jwt-keys get acme --json")

    @Argument(help: "The id of the tenant.")
    var tenant: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, JWTKeysCommand.path(tenant))
        return CommandOutput(answer.root, text: JWTKeysCommand.text(answer.root))
    }
}

/// `holdfast jwt-keys set`.
struct JWTKeysSet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Replaces all of a tenant's public keys.",
        discussion: """
            The file is a JWK set (RFC 7517): {"keys": [...]}, each key with kty, kid and alg, and no private part. A \
            set without keys takes them all away.

            Example: holdfast jwt-keys set acme acme-keys.json
            """)

    @Argument(help: "The id of the tenant.")
    var tenant: String

    @Argument(help: "A file with the key set, or - for the input.", completion: .file())
    var file: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let body = try InputFile.bytes(of: file)
        let answer = try await client.send(.PUT, JWTKeysCommand.path(tenant), body: body)
        return CommandOutput(answer.root, text: JWTKeysCommand.text(answer.root))
    }
}
