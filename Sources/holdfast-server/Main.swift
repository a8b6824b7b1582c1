// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastRuntime
internal import HoldfastServer
internal import HoldfastSettings

/// The HTTP server.
@main
struct Main {
    static func main() async {
        await Program.main(
            label: "holdfast-server",
            read: { (arguments, environment) throws(SettingsError) in
                try ServerSettings.read(arguments: arguments, environment: environment)
            },
            shared: { $0.shared },
            build: { (settings, context) async throws(StartupError) in
                try await buildServer(settings, context: context)
            })
    }
}
