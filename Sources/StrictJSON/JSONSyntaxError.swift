// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a body is not acceptable JSON: the byte offset and a fixed phrase.
package struct JSONSyntaxError: Error, Equatable, Sendable {
    /// What is wrong, as a fixed phrase that may be shown to a client.
    package enum Reason: String, Sendable, CaseIterable {
        case emptyInput = "empty body"
        case tooLarge = "body too large"
        case byteOrderMark = "byte order mark"
        case unexpectedEnd = "unexpected end"
        case unexpectedCharacter = "unexpected character"
        case trailingContent = "content after the end"
        case nestedTooDeeply = "nested too deeply"
        case duplicateKey = "duplicate key"
        case controlCharacter = "unescaped control character"
        case nulCharacter = "NUL character"
        case invalidEscape = "invalid escape"
        case loneSurrogate = "lone surrogate"
        case invalidUTF8 = "invalid UTF-8"
        case invalidNumber = "invalid number"
    }

    /// Offset of the offending byte from the start of the body; the body's length when it ends too early.
    package let offset: Int

    /// What is wrong there.
    package let reason: Reason

    /// One line for a client, such as `invalid JSON at byte 17: duplicate key`.
    package var message: String { "invalid JSON at byte \(offset): \(reason.rawValue)" }

    /// Whether it is about what is in a string, and not about the shape of the body.
    private var isInText: Bool {
        switch reason {
        case .controlCharacter, .nulCharacter, .invalidEscape, .loneSurrogate, .invalidUTF8: true
        default: false
        }
    }

    /// The same, naming the key that came twice, or the field whose text is at fault, as it is spelled in `body`, the
    /// text that was parsed.
    package func message(of body: [UInt8]) -> String {
        if isInText, let path = FieldPath.ofValue(at: offset, in: body), !path.isEmpty {
            return "\(path): \(reason.rawValue) at byte \(offset)"
        }
        guard reason == .duplicateKey, offset < body.count else { return message }
        var end = offset + 1
        while end < body.count, body[end] != UInt8(ascii: "\"") { end += body[end] == UInt8(ascii: "\\") ? 2 : 1 }
        let key = body[(offset + 1)..<min(end, body.count)]
        return "\(FieldPath.printable(key)): \(reason.rawValue) at byte \(offset)"
    }

    /// An error at a byte offset.
    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }
}
