// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// When a script may be sent again after its outcome was lost.
package enum RetryClass: String, CaseIterable, Hashable, Sendable {
    /// An idempotency key among its arguments makes a second run a replay.
    case keyed
    /// A second run changes nothing that the first did not.
    case safe
    /// A second run could do the work twice.
    case never
}

/// One shape of reply: a word, then fields in this order.
package struct LuaReply: Hashable, Sendable {
    /// The first element of the reply, such as `RESERVED`.
    package let word: String

    /// The names of the elements after the word.
    package let fields: [String]

    /// Whether the last field stands for any number of elements, none included.
    package let isVariadic: Bool

    /// A reply of `word` and `fields`.
    package init(word: String, fields: [String], isVariadic: Bool = false) {
        self.word = word
        self.fields = fields
        self.isVariadic = isVariadic
    }
}

/// A Lua script as Redis gets it, with the contract from its header.
package struct LuaScript: Hashable, Sendable {
    /// Its path without suffix, such as `budget/reserve`.
    package let name: String

    /// What it does, in one sentence.
    package let summary: String

    /// The text for SCRIPT LOAD, starting with `#!lua`.
    package let source: String

    /// The SHA-1 of `source`, forty lower-case hexadecimal digits, by which EVALSHA calls it.
    package let sha1: String

    /// Whether it may be sent again after its outcome was lost.
    package let retry: RetryClass

    /// The names of its keys, in order.
    package let keyNames: [String]

    /// Whether the last key name stands for any number of keys, none included.
    package let hasVariadicKeys: Bool

    /// The names of its arguments, in order.
    package let argumentNames: [String]

    /// Whether the last argument name stands for any number of arguments, none included.
    package let isVariadic: Bool

    /// Every shape of reply.
    package let replies: [LuaReply]

    /// The script flags in its first line, such as `allow-oom`.
    package let flags: [String]

    /// Where each line of `source` comes from: `file@line:line,line:line file@...`, where a pair is a line of the
    /// bundle and a line of the file, and both count up together until the next pair.
    package let lineMap: String

    /// A script with exactly these fields; nothing is checked, for the bundler has done that.
    package init(
        name: String,
        summary: String,
        source: String,
        sha1: String,
        retry: RetryClass,
        keyNames: [String],
        hasVariadicKeys: Bool = false,
        argumentNames: [String],
        isVariadic: Bool = false,
        replies: [LuaReply],
        flags: [String] = [],
        lineMap: String = ""
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.sha1 = sha1
        self.retry = retry
        self.keyNames = keyNames
        self.hasVariadicKeys = hasVariadicKeys
        self.argumentNames = argumentNames
        self.isVariadic = isVariadic
        self.replies = replies
        self.flags = flags
        self.lineMap = lineMap
    }

    /// Whether a call with `count` keys fits the header.
    package func accepts(keyCount count: Int) -> Bool {
        hasVariadicKeys ? count >= keyNames.count - 1 : count == keyNames.count
    }

    /// Whether a call with `count` arguments fits the header.
    package func accepts(argumentCount count: Int) -> Bool {
        isVariadic ? count >= argumentNames.count - 1 : count == argumentNames.count
    }
}
