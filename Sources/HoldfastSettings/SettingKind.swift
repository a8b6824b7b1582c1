// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import RedisClient
internal import SharedKernel

/// A kind of value: how it is written, and which are allowed.
struct SettingKind<Value: Sendable>: Sendable {
    let range: String
    var isSecret = false
    var isSwitch = false
    let parse: @Sendable (String) -> Result<Value, SettingMismatch>
}

extension SettingKind where Value == Int {
    /// A whole number in decimal digits.
    static func integer(_ range: ClosedRange<Int>) -> SettingKind {
        SettingKind(range: "\(range.lowerBound)…\(range.upperBound)") { text in
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text), range.contains(value) else {
                // Kubernetes sets HOLDFAST_PORT itself when a service is called holdfast.
                let hint = text.hasPrefix("tcp://") ? " (turn off enableServiceLinks in Kubernetes)" : ""
                return .failure(
                    SettingMismatch(
                        expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)\(hint)"))
            }
            return .success(value)
        }
    }
}

extension SettingKind where Value == Bool {
    /// `true` or `false`; a flag without a value means true.
    static var bool: SettingKind {
        SettingKind(range: "true, false", isSwitch: true) { text in
            switch text {
            case "true", "1": .success(true)
            case "false", "0": .success(false)
            default: .failure(SettingMismatch(expectation: "true or false"))
            }
        }
    }
}

extension SettingKind where Value == String {
    /// Any text of printable characters without spaces.
    static func word(_ range: String) -> SettingKind {
        SettingKind(range: range) { text in
            text.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 }
                ? .success(text) : .failure(SettingMismatch(expectation: "without spaces or control characters"))
        }
    }
}

extension SettingKind where Value == String? {
    /// The path of a file, any text without control characters.
    static var path: SettingKind {
        SettingKind(range: "a path") { text in
            text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
                ? .success(text) : .failure(SettingMismatch(expectation: "a path without control characters"))
        }
    }
}

extension SettingKind where Value: CaseIterable & RawRepresentable<String> {
    /// One of the cases, by its name.
    static var choice: SettingKind {
        let names = Value.allCases.map(\.rawValue)
        return SettingKind(range: names.joined(separator: ", ")) { text in
            Value(rawValue: text).map { .success($0) }
                ?? .failure(SettingMismatch(expectation: "one of \(names.joined(separator: ", "))"))
        }
    }
}

extension SettingKind where Value == RedactedString? {
    /// A key that travels in an HTTP header: visible ASCII characters. Never shown.
    static var secret: SettingKind {
        SettingKind(range: "1…512 visible ASCII characters", isSecret: true) { text in
            text.utf8.count <= 512 && text.utf8.allSatisfy { (33...126).contains($0) }
                ? .success(RedactedString(text))
                : .failure(SettingMismatch(expectation: "1 to 512 visible ASCII characters without spaces"))
        }
    }
}

extension SettingKind where Value == [SecretBytes] {
    /// Keys of 32 bytes in base64, divided by commas. Never shown.
    static var secretKeys: SettingKind {
        SettingKind(range: "base64 of 32 bytes, or several divided by commas", isSecret: true) { text in
            let keys = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(key)
            guard keys.allSatisfy({ $0?.count == 32 }) else {
                return .failure(
                    SettingMismatch(
                        expectation: "32 bytes in base64, such as openssl rand -base64 32 gives, or several of these "
                            + "divided by commas"))
            }
            return .success(keys.compactMap { $0 }.map { SecretBytes($0) })
        }
    }

    /// The bytes of base64 in either alphabet, padded or not.
    private static func key(_ text: Substring.UTF8View.SubSequence) -> [UInt8]? {
        var digits = Array(text)
        if digits.last == UInt8(ascii: "=") { digits.removeLast() }
        return Base64URL.bytes(
            digits.map {
                $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
            })
    }
}

extension SettingKind where Value == [String] {
    /// Texts without spaces, divided by commas.
    static func list(_ range: String) -> SettingKind {
        SettingKind(range: range) { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (33...126).contains($0) } }) else {
                return .failure(SettingMismatch(expectation: "\(range), without spaces"))
            }
            return .success(parts)
        }
    }
}

extension SettingKind where Value == RedisConfiguration {
    /// A Redis URL; may hold a password, so it is never shown.
    static var redisURL: SettingKind {
        SettingKind(range: "redis://, rediss://, unix://", isSecret: true) { text in
            do throws(RedisURLError) {
                return .success(try RedisConfiguration(url: text))
            } catch {
                return .failure(SettingMismatch(expectation: "a Redis URL: \(error)"))
            }
        }
    }
}

extension SettingKind where Value == Duration {
    /// A number with a unit: `7d`, `36h`, `90m`, `30s`, `250ms`.
    static func duration(_ range: ClosedRange<Duration>, shown: String) -> SettingKind {
        SettingKind(range: shown) { text in
            guard let value = DurationText.parse(text), range.contains(value) else {
                return .failure(SettingMismatch(expectation: "a duration such as 7d, 36h or 90m, \(shown)"))
            }
            return .success(value)
        }
    }
}
