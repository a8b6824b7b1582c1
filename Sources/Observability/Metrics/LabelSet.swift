// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The labels of one series in their exposed form, `method="GET",status="200"`: sorted by name, escaped, without
/// braces.
///
/// The bytes are also the identity of the series within its metric. A label with an empty value is left out, because to
/// Prometheus it does not exist; of two labels with the same name the later stays.
struct LabelSet: Hashable, Sendable {
    /// The one series that collects what found no place of its own.
    static let overflow = LabelSet([("overflow", "true")])

    /// Bytes kept of a label value: labels are for a handful of words, not for texts.
    private static let valueBytes = 256

    let text: [UInt8]

    init(_ labels: [(String, String)]) {
        guard !labels.isEmpty else {
            text = []
            return
        }
        var text: [UInt8] = []
        for (name, value) in Self.normalized(labels) {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: [UInt8(ascii: "="), UInt8(ascii: "\"")])
            text.append(escaping: Self.shortened(value), isQuoted: true)
            text.append(UInt8(ascii: "\""))
        }
        self.text = text
    }

    /// The start of a value, ending between two characters: a scrape must be valid UTF-8 throughout.
    private static func shortened(_ value: String) -> Substring.UTF8View {
        guard value.utf8.count > valueBytes else { return value[...].utf8 }
        var end = value.utf8.index(value.startIndex, offsetBy: valueBytes)
        while end > value.startIndex, value.utf8[end] & 0b1100_0000 == 0b1000_0000 {
            end = value.utf8.index(before: end)
        }
        return value[..<end].utf8
    }

    private static func normalized(_ labels: [(String, String)]) -> [(name: String, value: String)] {
        var normalized: [(name: String, value: String)] = []
        normalized.reserveCapacity(labels.count)
        for (name, value) in labels {
            let name = MetricName.label(name)
            normalized.removeAll { $0.name == name }
            if !value.isEmpty { normalized.append((name, value)) }
        }
        if normalized.count > 1 {
            normalized.sort { $0.name < $1.name }
        }
        return normalized
    }
}

extension [UInt8] {
    /// Appends text for the exposition format, where only line feed, backslash and (in a label value) the quote are
    /// special.
    ///
    /// Other control characters are legal there but trip terminals and some parsers; they become a question mark.
    mutating func append(escaping utf8: some Sequence<UInt8>, isQuoted: Bool) {
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\n"): append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\\"): append(contentsOf: [byte, byte])
            case UInt8(ascii: "\"") where isQuoted: append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0..<0x20, 0x7F: append(UInt8(ascii: "?"))
            default: append(byte)
            }
        }
    }
}
