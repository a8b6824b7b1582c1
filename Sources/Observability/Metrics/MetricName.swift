// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The rules by which labels of swift-metrics become names Prometheus accepts.
enum MetricName {
    /// Letters, digits and underscores, not starting with a digit; anything else becomes an underscore.
    static func sanitized(_ label: String) -> String {
        if isValid(label) { return label }
        var bytes = label.utf8.map { isLetter($0) || isDigit($0) ? $0 : UInt8(ascii: "_") }
        if bytes.first.map(isDigit) ?? true {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func counter(_ label: String) -> String {
        suffixed(sanitized(label), "_total")
    }

    static func timer(_ label: String) -> String {
        suffixed(sanitized(label), "_seconds")
    }

    /// Label names have the same grammar; those Prometheus keeps for itself get a prefix.
    static func label(_ name: String) -> String {
        let name = sanitized(name)
        return name == "le" || name == "quantile" || name.hasPrefix("__") ? "exported_" + name : name
    }

    private static func suffixed(_ name: String, _ suffix: String) -> String {
        name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
