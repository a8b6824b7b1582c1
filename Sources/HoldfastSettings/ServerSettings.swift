// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Observability

/// Settings of `holdfast-server`.
package struct ServerSettings: Sendable {
    package var shared = SharedSettings()
    /// The address to listen on.
    package var host = Self.host.fallback
    /// The port to listen on; zero for any free one.
    package var port = Self.port.fallback
    /// The operator's key; without one nobody is an operator.
    package var adminKey = Self.adminAPIKey.fallback
    /// Whether requests are answered on their connection's event loop, without a task.
    package var usesFastLane = Self.fastLane.fallback

    /// The defaults.
    package init() {}

    /// What a command line, without the program's name, and an environment ask for.
    package static func read(
        arguments: [String], environment: [String: String]
    ) throws(SettingsError) -> CommandLineRequest<ServerSettings> {
        try Settings.request(
            program: "holdfast-server", purpose: "serves the Reservation API and the Cycles budget protocol over HTTP.",
            rows: ownRows + SharedSettings.rows, arguments: arguments, environment: environment
        ) { (reader) throws(SettingsError) in
            var settings = ServerSettings()
            settings.shared = try SharedSettings(reader)
            settings.host = try reader.value(Self.host)
            settings.port = try reader.value(Self.port)
            settings.adminKey = try reader.value(Self.adminAPIKey)
            settings.usesFastLane = try reader.value(Self.fastLane)
            return settings
        }
    }
}

extension ServerSettings {
    private static let host = Setting<String>(
        "HOLDFAST_HOST", .word("a host name or address"), default: "127.0.0.1", shown: "127.0.0.1",
        "The address to listen on; 0.0.0.0 for all of IPv4, :: for all.")
    private static let port = Setting<Int>(
        "HOLDFAST_PORT", .integer(0...65_535), default: 7_878, shown: "7878",
        "The port to listen on; 0 picks a free one, which the log names.")
    private static let adminAPIKey = Setting<RedactedString?>(
        "HOLDFAST_ADMIN_API_KEY", .secret, default: nil, shown: "",
        "The operator's key; without one the admin plane answers 401. Other users can see flags: prefer the variable."
    )
    private static let fastLane = Setting<Bool>(
        "HOLDFAST_FAST_LANE", .bool, default: true, shown: "true",
        "Answer requests on their connection's event loop; false sends all through Hummingbird, slower and alike.")

    /// The table's rows besides the shared ones.
    package static var ownRows: [SettingRow] { [host.row, port.row, adminAPIKey.row, fastLane.row] }
}
