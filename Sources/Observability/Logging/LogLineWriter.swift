// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Logging

/// The bytes of one log line in the making; every text that enters is escaped and bounded.
struct LogLineWriter {
    private(set) var bytes: [UInt8] = []
    /// Keys of the fields that were cut, in the order they were written.
    private(set) var cutKeys: [String] = []

    /// Bytes the current top-level value may still take.
    private var budget = 0
    private var isCut = false

    init() {
        bytes.reserveCapacity(512)
    }

    /// Appends text of our own that needs no escaping.
    mutating func append(raw text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(timestamp_ms: Int64) {
        UTCTimestamp(milliseconds: timestamp_ms).append(to: &bytes)
    }

    /// Appends a field name as a JSON string; the caller has checked its length.
    mutating func append(key: String) {
        bytes.append(UInt8(ascii: "\""))
        EscapedText.append(key, maximum: .max, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends `text` as a JSON string, the value of the field `key`.
    mutating func append(quoted text: String, of key: String) {
        measured(key) { $0.appendString(text) }
    }

    /// Appends `text` escaped but without quotes.
    mutating func append(unquoted text: String, of key: String) {
        measured(key) { $0.appendContent(text) }
    }

    /// Appends `value` as JSON, the value of the field `key`.
    mutating func append(_ value: Logger.MetadataValue, of key: String) {
        measured(key) { $0.appendValue(value, depth: 0) }
    }

    /// Appends `value` as JSON, but a text that is a plain word without quotes.
    mutating func append(word value: Logger.MetadataValue, of key: String) {
        if case .string(let text) = value, !text.isEmpty, text.utf8.allSatisfy(Self.isWordByte) {
            append(unquoted: text, of: key)
        } else {
            append(value, of: key)
        }
    }

    private mutating func measured(_ key: String, _ body: (inout LogLineWriter) -> Void) {
        budget = LogLimits.valueBytes
        isCut = false
        body(&self)
        if isCut { cutKeys.append(key) }
    }

    private mutating func appendString(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        appendContent(text)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendContent(_ text: String) {
        let taken = EscapedText.append(text, maximum: budget, to: &bytes)
        if taken < text.utf8.count {
            bytes.append(contentsOf: "…".utf8)
            isCut = true
        }
        budget -= taken
    }

    private mutating func appendValue(_ value: Logger.MetadataValue, depth: Int) {
        switch value {
        case .string(let text): appendString(text)
        case .stringConvertible(let value): appendScalar(value)
        case .array(let elements): appendArray(elements, depth: depth)
        case .dictionary(let fields): appendObject(fields, depth: depth)
        }
    }

    /// Numbers and booleans stay what they are, so that a log store can compute with them.
    private mutating func appendScalar(_ value: any CustomStringConvertible & Sendable) {
        switch value {
        case let number as Int: append(raw: String(number))
        case let number as Double where number.isFinite: append(raw: String(number))
        case let flag as Bool: append(raw: flag ? "true" : "false")
        case let number as Int64: append(raw: String(number))
        case let number as UInt64: append(raw: String(number))
        case let number as UInt32: append(raw: String(number))
        case let number as Int32: append(raw: String(number))
        case let number as UInt16: append(raw: String(number))
        default: appendString(value.description)
        }
    }

    private mutating func appendArray(_ elements: [Logger.MetadataValue], depth: Int) {
        guard depth < LogLimits.depth else { return appendEllipsis() }
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            guard takesElement() else { break }
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            appendValue(element, depth: depth + 1)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func appendObject(_ fields: Logger.Metadata, depth: Int) {
        guard depth < LogLimits.depth else { return appendEllipsis() }
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            guard takesElement() else { break }
            guard key.utf8.count <= LogLimits.keyBytes else {
                isCut = true
                continue
            }
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(key: key)
            bytes.append(UInt8(ascii: ":"))
            budget -= key.utf8.count
            appendValue(SensitiveFields.contains(key) ? SensitiveFields.redacted : value, depth: depth + 1)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func appendEllipsis() {
        append(raw: "\"…\"")
        isCut = true
    }

    /// Takes the price of one more element from the budget; false, and the value is cut, when nothing is left.
    private mutating func takesElement() -> Bool {
        guard budget > 0 else {
            isCut = true
            return false
        }
        budget -= LogLimits.elementBytes
        return true
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        // Digits and the four signs around them, such as in times, paths and addresses.
        case UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"): true
        default: false
        }
    }
}
