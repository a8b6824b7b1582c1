// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Logging

/// Field names whose values are never written, whoever logs them: the second wall behind ``Secret``.
///
/// Libraries sometimes log the headers they handle; the names are those of credentials in HTTP and in our settings.
enum SensitiveFields {
    /// What is written in place of the value.
    static let redacted = Logger.MetadataValue.string("<redacted>")

    private static let names: [String] = [
        "api-key", "api_key", "apikey", "authorization", "cookie", "password", "proxy-authorization", "secret",
        "set-cookie", "signing_secret", "token", "x-admin-api-key", "x-api-key", "x-cycles-api-key",
    ]

    /// Whether `name` is one of them, upper and lower case of ASCII letters being the same.
    static func contains(_ name: String) -> Bool {
        let candidate = name.utf8
        return names.contains { known in
            known.utf8.count == candidate.count && zip(known.utf8, candidate).allSatisfy { $0 == lowercased($1) }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
