// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Testing

@Suite("Redis commands")
struct RedisCommandTests {
    private func text(_ command: RedisCommand) -> String {
        String(decoding: command.bytes, as: UTF8.self)
    }

    @Test("A command is an array of bulk strings")
    func wireFormat() {
        #expect(self.text(RedisCommand("SET", "key", "v")) == "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\nv\r\n")
        #expect(self.text(.ping) == "*1\r\n$4\r\nPING\r\n")
    }

    @Test("Words may be empty and may hold any bytes")
    func binary() {
        let every = (UInt8.min...UInt8.max).map { $0 }
        let expected = Array("*3\r\n$1\r\nX\r\n$0\r\n\r\n$256\r\n".utf8) + every + Array("\r\n".utf8)
        #expect(RedisCommand([Array("X".utf8), [], every]).bytes == expected)
    }

    @Test("Text is counted in bytes, not in characters")
    func utf8() {
        #expect(self.text(RedisCommand("GET", "é")) == "*2\r\n$3\r\nGET\r\n$2\r\né\r\n")
    }

    @Test("EVALSHA carries the number of keys, the keys, then the arguments")
    func evalsha() {
        let command = RedisCommand.evalsha(sha: Array("ab".utf8), keys: [[1], [2]], arguments: [[3], []])
        #expect(command == RedisCommand([Array("EVALSHA".utf8), Array("ab".utf8), [0x32], [1], [2], [3], []]))
    }

    @Test("A reused list of words gives the same bytes as a new one")
    func reuse() {
        var words = RedisArguments(evalsha: Array("first".utf8), keyCount: 9)
        words.append(decimal: 12)
        words.begin(evalsha: Array("sha".utf8), keyCount: 1)
        words.append([7, 8])
        words.append([1, 2, 3, 4][1...2])
        [UInt8](arrayLiteral: 5, 6).withUnsafeBytes { words.append($0) }
        words.append("é")
        let expected = RedisCommand.evalsha(
            sha: Array("sha".utf8),
            keys: [[7, 8]],
            arguments: [[2, 3], [5, 6], Array("é".utf8)]
        )
        #expect(RedisCommand(words) == expected)
        #expect(words.count == 7)
    }

    @Test("Numbers are written in decimal", arguments: [0, 7, 10, -1, 9_007_199_254_740_993, Int64.max, Int64.min])
    func decimals(_ value: Int64) {
        var words = RedisArguments()
        words.append("N")
        words.append(decimal: value)
        #expect(RedisCommand(words) == RedisCommand("N", "\(value)"))
    }
}
