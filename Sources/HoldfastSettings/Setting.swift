// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One setting: its name, its default, and how its text becomes a value. The rows of ``Settings/tables`` drive parsing,
/// `--help` and the manual.
package struct Setting<Value: Sendable>: Sendable {
    /// What people read about it.
    package let row: SettingRow
    /// The value when nothing is said.
    package let fallback: Value
    /// The value of a text, or what the text should have been: the end of a sentence that begins "must be".
    let parse: @Sendable (String) -> Result<Value, SettingMismatch>

    /// A setting of this name with values of this kind.
    init(_ name: String, _ kind: SettingKind<Value>, default fallback: Value, shown: String, _ summary: String) {
        row = SettingRow(
            name: name, fallback: shown, range: kind.range, summary: summary, isSecret: kind.isSecret,
            isSwitch: kind.isSwitch)
        self.fallback = fallback
        parse = kind.parse
    }
}

/// A setting as people read it.
package struct SettingRow: Sendable {
    /// The environment variable.
    package let name: String
    /// The default as a text; empty when there is none.
    package let fallback: String
    /// Which values are allowed.
    package let range: String
    /// What it is for, in one line.
    package let summary: String
    /// Whether its value is never shown.
    package let isSecret: Bool
    /// Whether its flag may stand without a value, meaning true.
    package let isSwitch: Bool

    /// The command-line flag: `HOLDFAST_REDIS_URL` is `--redis-url`.
    package var flag: String {
        "--" + name.dropFirst("HOLDFAST_".count).lowercased().split(separator: "_").joined(separator: "-")
    }

    /// The parts of the name, from which every source derives its own spelling.
    var components: [String] { name.lowercased().split(separator: "_").map(String.init) }
}

/// Why a text is no value of a setting.
struct SettingMismatch: Error {
    /// The rest of a sentence after "must be" or, with a capital letter's meaning of its own, the whole reason.
    let expectation: String
}

/// Why the settings cannot be used: one line for the operator that never shows a secret.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// The exit code for it: EX_USAGE.
    package static let exitCode: Int32 = 64

    init(_ description: String) { self.description = description }
}
