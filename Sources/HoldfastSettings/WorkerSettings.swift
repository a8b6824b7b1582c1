// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Settings of `holdfast-worker`.
package struct WorkerSettings: Sendable {
    package var shared = SharedSettings()
    /// The address of the health and metrics endpoints.
    package var host = Self.workerHost.fallback
    /// The port of the health and metrics endpoints; zero for any free one.
    package var port = Self.workerPort.fallback
    /// Time between sweeps for due expirations, ms.
    package var sweepIntervalMs = Self.sweepInterval.fallback
    /// How long a webhook delivery stays with the worker that sends it, ms.
    package var webhookLeaseMs = Self.webhookLease.fallback
    /// How old a webhook delivery may become.
    package var webhookMaxAge = Self.webhookMaxAge.fallback

    /// The defaults.
    package init() {}

    /// What a command line, without the program's name, and an environment ask for.
    package static func read(
        arguments: [String], environment: [String: String]
    ) throws(SettingsError) -> CommandLineRequest<WorkerSettings> {
        try Settings.request(
            program: "holdfast-worker", purpose: "expires reservations in the background; any number may run.",
            rows: ownRows + SharedSettings.rows, arguments: arguments, environment: environment
        ) { (reader) throws(SettingsError) in
            var settings = WorkerSettings()
            settings.shared = try SharedSettings(reader)
            settings.host = try reader.value(Self.workerHost)
            settings.port = try reader.value(Self.workerPort)
            settings.sweepIntervalMs = try reader.value(Self.sweepInterval)
            settings.webhookLeaseMs = try reader.value(Self.webhookLease)
            settings.webhookMaxAge = try reader.value(Self.webhookMaxAge)
            return settings
        }
    }
}

extension WorkerSettings {
    private static let workerHost = Setting<String>(
        "HOLDFAST_WORKER_HOST", .word("a host name or address"), default: "127.0.0.1", shown: "127.0.0.1",
        "The address of the worker's health and metrics endpoints.")
    private static let workerPort = Setting<Int>(
        "HOLDFAST_WORKER_PORT", .integer(0...65_535), default: 7_879, shown: "7879",
        "The port of the worker's health and metrics endpoints; 0 picks a free one, which the log names.")
    private static let sweepInterval = Setting<Int>(
        "HOLDFAST_SWEEP_INTERVAL_MS", .integer(10...60_000), default: 500, shown: "500",
        "Milliseconds between sweeps for reservations and locks that are past their time.")
    private static let webhookLease = Setting<Int>(
        "HOLDFAST_WEBHOOK_LEASE_MS", .integer(1_000...600_000), default: 40_000, shown: "40000",
        "Milliseconds after which a webhook delivery of a worker that died is another's; attempts end well before.")

    private static let webhookMaxAge = Setting<Duration>(
        "HOLDFAST_WEBHOOK_MAX_AGE", .duration(.seconds(60)...(.seconds(604_800)), shown: "1m…7d"),
        default: .seconds(86_400), shown: "24h",
        "After how long a webhook delivery that did not succeed is given up, whatever its retry policy says.")

    /// The table's rows besides the shared ones.
    package static var ownRows: [SettingRow] {
        [workerHost.row, workerPort.row, sweepInterval.row, webhookLease.row, webhookMaxAge.row]
    }
}
