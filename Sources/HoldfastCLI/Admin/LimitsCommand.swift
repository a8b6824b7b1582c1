// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import NIOHTTP1
internal import StrictJSON

/// `holdfast limits`.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Shows and sets a tenant's quotas of the Reservation API.",
        discussion: "Example: holdfast limits set acme --operations-per-minute 1000 --event-streams unlimited",
        subcommands: [LimitsGet.self, LimitsSet.self])

    /// The path of a tenant's quotas.
    static func path(_ tenant: String) -> String {
        "/v1/admin/x-holdfast/tenants/\(AdminClient.escaped(tenant))/limits"
    }

    /// The quotas in their order.
    static let names: [StaticString] = [
        "operations_per_minute", "operations_per_day", "concurrent_reservations", "event_streams",
    ]

    /// The quotas as people read them.
    static func text(_ root: JSONValue) -> String {
        let rows = names.map { name in
            let value = root.member(name)
            return [name.description, value.flatMap { $0.isNull ? nil : TableText.text($0) } ?? "unlimited"]
        }
        return TableText.table(rows).joined(separator: "\n")
    }
}

/// A number, or `unlimited`.
struct QuotaArgument: ExpressibleByArgument {
    /// Nil for unlimited.
    let number: Int64?

    init?(argument: String) {
        if argument == "unlimited" {
            number = nil
            return
        }
        guard let number = Int64(argument), number >= 0 else { return nil }
        self.number = number
    }
}

/// `holdfast limits get`.
struct LimitsGet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a tenant's quotas.", discussion: "Example: holdfast limits get acme")

    @Argument(help: "The id of the tenant.")
    var tenant: String

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let answer = try await client.send(.GET, LimitsCommand.path(tenant))
        return CommandOutput(answer.root, text: LimitsCommand.text(answer.root))
    }
}

/// `holdfast limits set`.
struct LimitsSet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets quotas of a tenant; those that are not named stay as they are.",
        discussion: "Example: holdfast limits set acme --operations-per-day 50000 --concurrent-reservations unlimited")

    @Argument(help: "The id of the tenant.")
    var tenant: String

    @Option(help: "Calls a minute: a number, or unlimited.")
    var operationsPerMinute: QuotaArgument?

    @Option(help: "Calls a day.")
    var operationsPerDay: QuotaArgument?

    @Option(help: "Resources held at once.")
    var concurrentReservations: QuotaArgument?

    @Option(help: "Event streams open at once.")
    var eventStreams: QuotaArgument?

    @OptionGroup(title: "Server") var server: ServerOptions

    func perform(_ client: AdminClient) async throws -> CommandOutput {
        let given = [operationsPerMinute, operationsPerDay, concurrentReservations, eventStreams]
        guard given.contains(where: { $0 != nil }) else {
            throw ValidationError("name something to change; see --help")
        }
        // The server replaces all of them.
        let before = try await client.send(.GET, LimitsCommand.path(tenant)).root
        var body = RequestBody()
        for (name, quota) in zip(LimitsCommand.names, given) {
            if let quota {
                body.set(name, quota.number)
            } else if let kept = before.member(name), !kept.isNull {
                body.set(name, kept.int64())
            }
        }
        let answer = try await client.send(.PUT, LimitsCommand.path(tenant), body: body.bytes)
        return CommandOutput(answer.root, text: LimitsCommand.text(answer.root))
    }
}
