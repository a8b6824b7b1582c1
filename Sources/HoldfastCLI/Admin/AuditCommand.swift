// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Searches the audit log: who changed what.",
        discussion: "Example: holdfast audit list --tenant acme --operation fundBudget", subcommands: [AuditList.self])
}

/// `holdfast audit list`.
struct AuditList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists entries of the audit log, the newest first.",
        discussion: "Example: holdfast audit list --tenant acme --from 2027-01-01T00:00:00Z --search budget")

    @Option(help: "Only entries of this tenant.")
    var tenant: String?

    @Option(help: "Only what this API key did.")
    var key: String?

    @Option(name: .customLong("operation"), help: "Only this operation, as in createApiKey; may be repeated.")
    var operations: [String] = []

    @Option(name: .customLong("resource-type"), help: "Only this kind of thing, as in budget; may be repeated.")
    var resourceTypes: [String] = []

    @Option(name: .customLong("resource-id"), help: "Only the thing with this id.")
    var resourceID: String?

    @Option(help: "Only answers of this status.")
    var status: Int?

    @Option(help: "Only answers of this status or a higher one, as in 400 for all refusals.")
    var statusMin: Int?

    @Option(help: "Only answers of this status or a lower one.")
    var statusMax: Int?

    @Option(name: .customLong("error-code"), help: "Only refusals with this code; may be repeated.")
    var errorCodes: [String] = []

    @Option(name: .customLong("error-code-exclude"), help: "No refusals with this code; may be repeated.")
    var errorCodesExcluded: [String] = []

    @Option(help: "Only from this time on, as in 2027-01-01T00:00:00Z.")
    var from: String?

    @Option(help: "Only until this time.")
    var to: String?

    @Option(help: "Only entries with this in an id, the operation or the error.")
    var search: String?

    @Option(name: .customLong("request-id"), help: "Only the request with this id.")
    var requestID: String?

    @Option(name: .customLong("trace-id"), help: "Only requests with this trace id.")
    var traceID: String?

    @OptionGroup(title: "Order") var order: OrderOptions
    @OptionGroup(title: "Page") var page: PageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        func list(_ words: [String]) -> String? { words.isEmpty ? nil : words.joined(separator: ",") }
        let query = [
            ("tenant_id", tenant), ("key_id", key), ("operation", list(operations)),
            ("resource_type", list(resourceTypes)), ("resource_id", resourceID), ("status", status.map { String($0) }),
            ("status_min", statusMin.map { String($0) }), ("status_max", statusMax.map { String($0) }),
            ("error_code", list(errorCodes)), ("error_code_exclude", list(errorCodesExcluded)), ("from", from),
            ("to", to), ("search", search), ("request_id", requestID), ("trace_id", traceID),
        ]
        let answer = try await client.send(.GET, "/v1/admin/audit/logs", query: query + order.query + page.query)
        let columns = [
            TableText.Column("TIME", "timestamp"), .init("TENANT", "tenant_id"), .init("OPERATION", "operation"),
            .init("STATUS", "status"), .init("BY", Self.actor), .init("RESOURCE", "resource_id"),
        ]
        return CommandOutput(
            answer.root, text: TableText.page(answer.root, "logs", columns, none: "There is no such entry."))
    }

    /// The API key that did it, or the operator.
    private static func actor(_ entry: JSONValue) -> String {
        if let key = entry.member("key_id") { return TableText.text(key) }
        return entry.member("metadata")?.member("actor_type").map(TableText.text) ?? ""
    }
}
