// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastSettings
import Testing

@Suite("Settings of webhooks")
struct WebhookSettingsTests {
    private func shared(_ environment: [String: String]) throws -> SharedSettings {
        guard case .run(let settings) = try WorkerSettings.read(arguments: [], environment: environment) else {
            throw Unexpected()
        }
        return settings.shared
    }

    private struct Unexpected: Error {}

    /// 32 bytes of 255, of which base64 has characters that its two alphabets do not share.
    private static let key = String(repeating: "/", count: 42) + "8"

    @Test("89: keys of secrets are base64 of 32 bytes in either alphabet, padded or not, in order")
    func keys() throws {
        #expect(try shared([:]).secretKeys.isEmpty)
        let zero = String(repeating: "A", count: 43)
        for text in [Self.key, Self.key + "=", Self.key.replacing("/", with: "_")] {
            let keys = try shared(["HOLDFAST_SECRET_KEY": text + "," + zero]).secretKeys
            #expect(keys.map { $0.reveal() } == [[UInt8](repeating: 255, count: 32), [UInt8](repeating: 0, count: 32)])
        }
    }

    @Test(
        "89: anything else is refused without being repeated",
        arguments: ["hunter2", key.dropLast() + "", key + "AAAA", key + ",", key + "==", "," + key, key + "," + "x"])
    func badKeys(text: String) throws {
        let error = #expect(throws: SettingsError.self) { try shared(["HOLDFAST_SECRET_KEY": text]) }
        #expect(error?.description.contains("HOLDFAST_SECRET_KEY must be 32 bytes in base64") == true)
        #expect(error?.description.contains(text) == false)
    }

    @Test("open private ranges are texts divided by commas")
    func ranges() throws {
        #expect(try shared([:]).webhookAllowPrivate.isEmpty)
        let settings = try shared(["HOLDFAST_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8,fc00::/7"])
        #expect(settings.webhookAllowPrivate == ["127.0.0.0/8", "fc00::/7"])
        for bad in ["127.0.0.0/8, ::1/128", "a,,b", ","] {
            #expect(throws: SettingsError.self) { try shared(["HOLDFAST_WEBHOOK_ALLOW_PRIVATE": bad]) }
        }
    }
    @Test("the greatest age of deliveries is a duration, a day unless it is set")
    func maxAge() throws {
        func age(_ text: String) throws -> Duration {
            guard
                case .run(let settings) = try WorkerSettings.read(
                    arguments: [], environment: ["HOLDFAST_WEBHOOK_MAX_AGE": text])
            else { throw Unexpected() }
            return settings.webhookMaxAge
        }
        #expect(try age("") == .seconds(86_400) && age("90m") == .seconds(5_400) && age("7d") == .seconds(604_800))
        for bad in ["59s", "15d", "24", "-1h"] { #expect(throws: SettingsError.self) { try age(bad) } }
    }
}
