// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// When a script may be sent again after its outcome was lost, as its header declares.
package enum DeclaredRetry: String, CaseIterable, Hashable, Sendable {
    /// An idempotency key among its arguments makes a second run a replay.
    case keyed
    /// A second run changes nothing that the first did not.
    case safe
    /// A second run could do the work twice.
    case never
}

/// One shape of reply: a word, then fields in this order.
package struct DeclaredReply: Hashable, Sendable {
    /// The first element of the reply, such as `RESERVED`.
    package let word: String

    /// The names of the elements after the word.
    package let fields: [String]

    /// Whether the last field stands for any number of elements.
    package let isVariadic: Bool
}

/// The numbered names of a `KEYS` or `ARGV` section.
struct DeclaredParameters: Hashable, Sendable {
    var names: [String] = []

    /// Whether the last name stands for any number of elements.
    var isVariadic = false
}

/// The contract at the top of a script, as far as it can be checked and used by a program.
struct ScriptHeader: Sendable {
    var summary = ""
    var retry = DeclaredRetry.never
    var flags: [String] = []
    var keys = DeclaredParameters()
    var arguments = DeclaredParameters()
    var replies: [DeclaredReply] = []

    /// The line of each reply's declaration, for the mistakes found later.
    var replyLines: [Int] = []

    /// The script flags that Redis 7 and Valkey know.
    static let knownFlags = ["allow-cross-slot-keys", "allow-oom", "allow-stale", "no-cluster", "no-writes"]
}

extension String {
    /// Whether this is a lower-case name with digits and underscores, as files, keys, arguments, and fields have.
    var isSnakeCaseName: Bool {
        guard let first = utf8.first, first.isLowercaseLetter else { return false }
        return utf8.allSatisfy { $0.isLowercaseLetter || $0.isLuaDigit || $0 == UInt8(ascii: "_") }
    }

    /// Whether this is an upper-case word with digits and underscores, as replies start with.
    var isReplyWord: Bool {
        guard let first = utf8.first, first.isUppercaseLetter else { return false }
        return utf8.allSatisfy { $0.isUppercaseLetter || $0.isLuaDigit || $0 == UInt8(ascii: "_") }
    }
}
