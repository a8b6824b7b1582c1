// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastRuntime
internal import HoldfastSettings
internal import HoldfastWorker

/// The background worker.
@main
struct Main {
    static func main() async {
        await Program.main(
            label: "holdfast-worker",
            read: { (arguments, environment) throws(SettingsError) in
                try WorkerSettings.read(arguments: arguments, environment: environment)
            },
            shared: { $0.shared },
            build: { (settings, context) async throws(StartupError) in
                try await buildWorker(settings, context: context)
            })
    }
}
