// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Configuration

/// What a command line asks for.
package enum CommandLineRequest<Settings: Sendable>: Sendable {
    /// To run with these settings.
    case run(Settings)
    /// To print this text and end.
    case show(String)
}

/// Reads settings from flags, and from the environment where there is no flag. An empty variable counts as not set.
struct SettingsReader {
    private let config: ConfigReader
    private let flags: Set<String>

    /// A reader over arguments, without the program's name, and an environment. Unknown flags and anything that is no
    /// flag are refused; unknown `HOLDFAST_` variables are not, for they may be meant for another program.
    init(rows: [SettingRow], arguments: [String], environment: [String: String]) throws(SettingsError) {
        let given = try Self.flagValues(arguments, rows: rows)
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for row in rows {
            if let text = given[row.flag] {
                values[AbsoluteConfigKey(row.components)] = ConfigValue(.string(text), isSecret: row.isSecret)
            }
        }
        flags = Set(given.keys)
        config = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: values),
            EnvironmentVariablesProvider(environmentVariables: environment.filter { !$0.value.isEmpty }),
        ])
    }

    /// The value of a setting.
    func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
        let row = setting.row
        guard let text = config.string(forKey: ConfigKey(row.components), isSecret: row.isSecret) else {
            return setting.fallback
        }
        let source = flags.contains(row.flag) ? row.flag : row.name
        guard !text.isEmpty else { throw SettingsError("\(source) must not be empty") }
        switch setting.parse(text) {
        case .success(let value): return value
        case .failure(let mismatch):
            let found = row.isSecret ? "" : ", not \"\(Self.printable(text))\""
            throw SettingsError("\(source) must be \(mismatch.expectation)\(found)")
        }
    }

    private static func flagValues(
        _ arguments: [String], rows: [SettingRow]
    ) throws(SettingsError) -> [String: String] {
        var given: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw SettingsError("unexpected argument \"\(printable(argument))\": write --name value")
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let flag = String(parts[0])
            guard let row = rows.first(where: { $0.flag == flag }) else {
                throw SettingsError("unknown flag \(printable(flag)): --help lists all")
            }
            guard given[flag] == nil else { throw SettingsError("\(flag) is given twice") }
            if parts.count == 2 {
                given[flag] = String(parts[1])
            } else if row.isSwitch, rest.first.map({ $0.hasPrefix("--") }) ?? true {
                given[flag] = "true"
            } else if let value = rest.popFirst() {
                given[flag] = value
            } else {
                throw SettingsError("\(flag) needs a value")
            }
        }
        return given
    }

    /// A text from outside, fit for one line of a terminal.
    private static func printable(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(80).map { $0.value < 32 || $0.value == 127 ? "?" : String($0) }.joined()
        return text.unicodeScalars.count > 80 ? shown + "…" : shown
    }
}
