// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import RedisClient

/// What came of a script call in a test: a word and its fields, or the error reply.
package enum ScriptAnswer: Sendable, Hashable {
    case reply(ByteText, [ScriptField])
    case failure(RedisServerError)

    /// A reply of a word and fields, to compare with.
    package static func reply(_ word: ByteText, _ fields: ScriptField...) -> ScriptAnswer { .reply(word, fields) }

    /// What happened; empty for a failure.
    package var word: ByteText {
        if case .reply(let word, _) = self { word } else { "" }
    }

    /// The fields after the word; none for a failure.
    package var fields: [ScriptField] {
        if case .reply(_, let fields) = self { fields } else { [] }
    }

    /// The message of the error reply, or nil.
    package var failure: String? {
        if case .failure(let error) = self { error.description } else { nil }
    }

    /// Field `index` as bytes; empty when it is not there.
    package func text(_ index: Int) -> ByteText {
        let fields = self.fields
        return index < fields.count ? fields[index].text : ""
    }
}

/// One field of a reply; text and integers are told apart as Redis does.
package enum ScriptField: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByStringInterpolation {
    case bytes(ByteText)
    case integer(Int64)

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(stringLiteral value: String) { self = .bytes(ByteText(value)) }

    package init(stringInterpolation: ByteText.StringInterpolation) {
        self = .bytes(ByteText(stringInterpolation: stringInterpolation))
    }

    /// The bytes, or the digits of an integer.
    package var text: ByteText {
        switch self {
        case .bytes(let text): text
        case .integer(let value): ByteText(value)
        }
    }

    init?(_ reply: RedisReply) {
        switch reply {
        case .integer(let value): self = .integer(value)
        case .bulk(let bytes): self = .bytes(ByteText(bytes))
        case .null, .simple, .array, .error: return nil
        }
    }
}

/// A script answered in a way that its header does not declare, or was called in such a way.
package struct ContractBreach: Error, Sendable, CustomStringConvertible {
    package let description: String
}
