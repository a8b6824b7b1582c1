// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Holds a value that must never reach a log, an error message or a debugger dump by accident.
///
/// Every way Swift turns a value into text (`description`, `debugDescription`, `Mirror`, `dump`) shows `<redacted>`,
/// and it is deliberately neither `Encodable` nor `Equatable`. The only way to the value is ``reveal()``, which is easy
/// to search for.
package struct Secret<Value: Sendable>: Sendable {
    private let value: Value

    /// Wraps `value`; no copy of it is kept elsewhere.
    package init(_ value: Value) {
        self.value = value
    }

    /// The value itself; call it only where the secret is used, never to pass it on.
    package func reveal() -> Value {
        value
    }
}

/// A secret text, such as an API key as it stands in the environment.
package typealias RedactedString = Secret<String>

/// A secret byte string, such as an encryption key.
package typealias SecretBytes = Secret<[UInt8]>

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    package var description: String { "<redacted>" }

    /// Always `<redacted>`.
    package var debugDescription: String { "<redacted>" }

    /// A mirror without children, so that `dump` and reflection based printers find nothing.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension Secret<[UInt8]> {
    /// Whether `candidate` is the same byte string, in a time set by the length of the candidate alone.
    ///
    /// See ``ConstantTime/equal(secret:candidate:)``. An empty secret matches nothing, not even an empty candidate.
    package func matches(_ candidate: [UInt8]) -> Bool {
        ConstantTime.equal(secret: value, candidate: candidate)
    }
}

extension Secret<String> {
    /// Whether `candidate` is the UTF-8 form of the text, byte for byte, in a time set by the length of the candidate
    /// alone.
    ///
    /// See ``ConstantTime/equal(secret:candidate:)``. An empty secret matches nothing, not even an empty candidate.
    package func matches(_ candidate: [UInt8]) -> Bool {
        ConstantTime.equal(secret: Array(value.utf8), candidate: candidate)
    }
}
