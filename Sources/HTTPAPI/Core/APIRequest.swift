// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes
package import StrictJSON

/// A request as endpoints see it: pure values, no connection, no task.
package struct APIRequest: Sendable {
    /// GET, POST …
    package let method: HTTPRequest.Method
    /// The raw path, without the query.
    package let path: Substring
    /// The raw query, without the question mark; empty when there is none.
    package let query: Substring
    package let headers: HTTPFields
    package var body: [UInt8]
    /// Request and trace ids.
    package let correlation: Correlation
    /// Values of the path's parameters, percent-decoded, in order.
    package var parameters: [[UInt8]] = []

    /// A request of these parts; `target` is the path with its query.
    package init(
        method: HTTPRequest.Method, target: String, headers: HTTPFields, body: [UInt8], correlation: Correlation
    ) {
        self.method = method
        if let mark = target.utf8.firstIndex(of: 63) {
            path = target[..<mark]
            query = target[target.utf8.index(after: mark)...]
        } else {
            path = target[...]
            query = ""
        }
        self.headers = headers
        self.body = body
        self.correlation = correlation
    }

    /// The first value of a query parameter, percent-decoded; nil when absent or empty.
    package func queryValue(_ name: String) throws(FieldError) -> [UInt8]? {
        for pair in query.utf8.split(separator: 38) {
            let parts = pair.split(separator: 61, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty, Self.isText(parts[0], name) else { continue }
            guard let value = percentDecoded(parts[1], plusIsSpace: true), isValidUTF8(value) else {
                throw FieldError(path: name, problem: "is not percent-encoded UTF-8")
            }
            return value
        }
        return nil
    }

    /// Whether a query parameter is there, with a value or without.
    func hasQuery(_ name: String) -> Bool {
        query.utf8.split(separator: 38).contains { pair in Self.isText(pair.prefix { $0 != 61 }, name) }
    }

    /// Whether a query parameter's name, of which any part may be percent-encoded, is this one.
    private static func isText(_ text: some Collection<UInt8>, _ name: String) -> Bool {
        if text.elementsEqual(name.utf8) { return true }
        guard text.contains(37) else { return false }
        // What has a bad escape names nothing.
        return percentDecoded(text, plusIsSpace: true)?.elementsEqual(name.utf8) ?? false
    }

    /// An integer query parameter within `range`, or nil when absent.
    package func queryInt(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64? {
        guard let text = try queryValue(name) else { return nil }
        guard let value = parseDecimalInt64(text), range.contains(value) else {
            throw FieldError(
                path: name, problem: "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

/// The bytes of percent-encoded text; nil for a bad escape.
package func percentDecoded(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
        if byte == 37 {
            guard let high = rest.popFirst().flatMap(hexNibble), let low = rest.popFirst().flatMap(hexNibble) else {
                return nil
            }
            out.append(high << 4 | low)
        } else {
            out.append(plusIsSpace && byte == 43 ? 32 : byte)
        }
    }
    return out
}

/// Whether bytes are well-formed UTF-8.
package func isValidUTF8(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
}

private func hexNibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 97...102: byte - 87
    case 65...70: byte - 55
    default: nil
    }
}
