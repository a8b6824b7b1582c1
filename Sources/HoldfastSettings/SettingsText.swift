// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Every setting of every program, and how people read about them.
package enum Settings {
    /// The version of this source tree, as `--version` and the metric `holdfast_build_info` show it.
    package static let version = Product.version

    /// The rows of the shared, the server's and the worker's settings, with a title each.
    package static var tables: [(title: String, rows: [SettingRow])] {
        [
            ("All programs", SharedSettings.rows), ("holdfast-server", ServerSettings.ownRows),
            ("holdfast-worker", WorkerSettings.ownRows),
        ]
    }

    /// The tables in Markdown, for the manual.
    package static var markdown: String {
        var lines: [String] = []
        for (title, rows) in tables {
            lines += ["### \(title)", "", "| Variable | Flag | Default | Values | Meaning |", "|---|---|---|---|---|"]
            for row in rows {
                let shown = row.fallback.isEmpty ? "none" : "`\(row.fallback)`"
                lines.append("| `\(row.name)` | `\(row.flag)` | \(shown) | \(row.range) | \(row.summary) |")
            }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// Variables that look like settings and are none, for a warning: most are typing errors. Those that Kubernetes
    /// makes for a service of our name are left out, and so is the server's address, which the command line reads.
    package static func unknownNames(in environment: [String: String]) -> [String] {
        let known = Set(tables.flatMap { $0.rows.map(\.name) })
        return environment.keys.filter { name in
            name.hasPrefix("HOLDFAST_") && !known.contains(name) && !name.contains("_SERVICE_")
                && !name.hasPrefix("HOLDFAST_PORT_") && !name.hasPrefix("HOLDFAST_WEBHOOK_")
                && name != "HOLDFAST_SECRET_KEY" && name != "HOLDFAST_URL"
        }.sorted()
    }

    /// Handles `--help` and `--version`; otherwise reads the settings.
    static func request<Value>(
        program: String, purpose: String, rows: [SettingRow], arguments: [String], environment: [String: String],
        read: (SettingsReader) throws(SettingsError) -> Value
    ) throws(SettingsError) -> CommandLineRequest<Value> {
        if arguments.contains("--help") || arguments.contains("-h") {
            return .show(help(program: program, purpose: purpose, rows: rows))
        }
        if arguments.contains("--version") { return .show("\(program) \(version)") }
        return .run(try read(SettingsReader(rows: rows, arguments: arguments, environment: environment)))
    }

    private static func help(program: String, purpose: String, rows: [SettingRow]) -> String {
        var lines = ["\(program): \(purpose)", "", "Usage: \(program) [--name value …]", ""]
        lines += ["Each setting is a flag or an environment variable; the flag wins.", ""]
        for row in rows {
            let shown = row.fallback.isEmpty ? "no default" : "default \(row.fallback)"
            lines.append("  \(row.flag)   (\(row.name))")
            lines.append("      \(row.summary)")
            lines.append("      \(row.range); \(shown)")
        }
        lines += ["", "  --help, --version", ""]
        lines.append("Exit codes: 0 ended as asked; 64 bad settings; 69 Redis or the port is not available;")
        lines.append("78 Redis is not fit: login, version, or an installation with other constants.")
        return lines.joined(separator: "\n")
    }
}
