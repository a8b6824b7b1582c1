// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import HoldfastSettings

/// The program `holdfast`.
package enum CommandLineTool {
    /// Does what the command line says and ends the process.
    package static func main() async { await HoldfastCommand.main() }
}

/// The root of all commands.
struct HoldfastCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "Starts Holdfast on this machine, checks an installation, and manages what is in it.",
        discussion: """
            The verbs that manage a server ask it over HTTP: at HOLDFAST_URL, with the operator's key from \
            HOLDFAST_ADMIN_API_KEY. They print tables, and JSON with --json. Exit code 1: the server said no or did \
            not answer; 64: the command is not in order.

            Example: holdfast tenant list
            """,
        version: "holdfast \(Settings.version)",
        subcommands: [DevCommand.self, VerifyCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Manage a server",
                subcommands: [
                    TenantCommand.self, KeyCommand.self, BudgetCommand.self, PolicyCommand.self, LimitsCommand.self,
                    JWTKeysCommand.self, WebhookCommand.self, DeliveryCommand.self, EventCommand.self,
                    OverviewCommand.self, AuditCommand.self,
                ])
        ])
}
