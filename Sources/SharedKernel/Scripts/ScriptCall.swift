// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import LuaCatalog
package import RedisClient

/// One call of a Lua script, ready to send.
package struct ScriptCall: Sendable {
    /// What is called.
    package let script: LuaScript
    /// Its words: EVALSHA, hash, number of keys, keys, arguments.
    package private(set) var words: RedisArguments
    private var argumentCount = 0

    /// A call with these keys and no arguments yet.
    package init(_ script: LuaScript, keys: [[UInt8]], reservingBytes: Int = 512) {
        assert(script.accepts(keyCount: keys.count), "\(script.name) takes other keys")
        self.script = script
        words = RedisArguments(evalsha: [UInt8](script.sha1.utf8), keyCount: keys.count, reservingBytes: reservingBytes)
        for key in keys { words.append(key) }
    }

    /// Appends an argument.
    package mutating func append(_ word: [UInt8]) {
        words.append(word)
        argumentCount += 1
    }

    /// Appends an argument.
    package mutating func append(_ word: ArraySlice<UInt8>) {
        words.append(word)
        argumentCount += 1
    }

    /// Appends an argument.
    package mutating func append(_ word: String) {
        words.append(word)
        argumentCount += 1
    }

    /// Appends a number as decimal text.
    package mutating func append(decimal value: Int64) {
        words.append(decimal: value)
        argumentCount += 1
    }

    /// Whether the header of the script allows this many arguments.
    package var isComplete: Bool { script.accepts(argumentCount: argumentCount) }
}
