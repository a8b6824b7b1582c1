// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import RedisClient

/// A script's reply: a word that says what happened, then fields.
package struct ScriptReply: Sendable {
    private let elements: [RedisReply]
    /// The script that answered, for faults.
    package let scriptName: String

    /// The reply of `scriptName`; a fault unless it is an array that begins with a word.
    package init(_ reply: RedisReply, of scriptName: String) throws(ScriptFault) {
        guard case .array(let elements) = reply, case .bulk? = elements.first else {
            throw ScriptFault.malformedReply(script: scriptName, detail: "not an array with a word")
        }
        self.elements = elements
        self.scriptName = scriptName
    }

    /// Number of fields after the word.
    package var count: Int { elements.count - 1 }

    /// What happened.
    package var word: [UInt8] { elements[0].bytes ?? [] }

    /// Whether the word is this one.
    package func isWord(_ expected: StaticString) -> Bool {
        expected.withUTF8Buffer { $0.elementsEqual(word) }
    }

    /// Field `index`, from 0, as bytes.
    package func bytes(_ index: Int) throws(ScriptFault) -> [UInt8] {
        guard index >= 0, index < count, let bytes = elements[index + 1].bytes else {
            throw malformed("field \(index)")
        }
        return bytes
    }

    /// Field `index` as a number, sent as an integer or as decimal text.
    package func int(_ index: Int) throws(ScriptFault) -> Int64 {
        guard index >= 0, index < count else { throw malformed("field \(index)") }
        if let value = elements[index + 1].integer { return value }
        guard let bytes = elements[index + 1].bytes, let value = Int64(String(decoding: bytes, as: UTF8.self)) else {
            throw malformed("field \(index) is no integer")
        }
        return value
    }

    /// A fault that says this reply is not what the script's header promises.
    package func malformed(_ detail: String) -> ScriptFault {
        .malformedReply(script: scriptName, detail: detail)
    }
}
