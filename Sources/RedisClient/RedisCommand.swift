// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import CHiredis

/// One command in the form that goes over the wire. Made once, it can be sent any number of times.
package struct RedisCommand: Sendable, Hashable {
    /// The largest command that can be built; more than any request body or batch of this service.
    package static let maximumBytes = 512 * 1024 * 1024

    /// `PING`.
    package static let ping = RedisCommand("PING")

    /// The bytes to write to the socket.
    package let bytes: [UInt8]

    /// Formats a command from its words; `words` must not be empty. Words are binary-safe.
    package init(_ words: [[UInt8]]) {
        var arguments = RedisArguments(reservingBytes: words.reduce(0) { $0 + $1.count }, words: words.count)
        for word in words { arguments.append(word) }
        self.init(arguments)
    }

    /// Formats a command from words given as text, for commands that are written down in code.
    package init(_ words: String...) {
        self.init(words.map { Array($0.utf8) })
    }

    /// Formats a command from a list of words that was gathered in one buffer: the cheap way.
    package init(_ arguments: RedisArguments) {
        self.bytes = Self.format(arguments)
    }

    /// `EVALSHA sha numkeys key… arg…`; `sha` is the 40 hexadecimal digits.
    package static func evalsha(sha: [UInt8], keys: [[UInt8]], arguments: [[UInt8]]) -> RedisCommand {
        var words = RedisArguments(
            evalsha: sha,
            keyCount: keys.count,
            reservingBytes: keys.reduce(0) { $0 + $1.count } + arguments.reduce(0) { $0 + $1.count },
            words: keys.count + arguments.count
        )
        for key in keys { words.append(key) }
        for argument in arguments { words.append(argument) }
        return RedisCommand(words)
    }

    private static func format(_ arguments: RedisArguments) -> [UInt8] {
        let count = arguments.lengths.count
        precondition(!arguments.bytes.isEmpty, "a command has a name")
        precondition(arguments.bytes.count <= Self.maximumBytes, "a command is larger than any sender builds")
        return arguments.bytes.withUnsafeBytes { flat in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { words in
                var word = flat.baseAddress?.assumingMemoryBound(to: CChar.self)
                for (index, length) in arguments.lengths.enumerated() {
                    words.initializeElement(at: index, to: word)
                    word = word.map { $0 + length }
                }
                return self.format(words: words, lengths: arguments.lengths)
            }
        }
    }

    private static func format(
        words: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>,
        lengths: [Int]
    ) -> [UInt8] {
        var target: UnsafeMutablePointer<CChar>?
        let length = redisFormatCommandArgv(&target, CInt(words.count), words.baseAddress, lengths)
        guard let target, length > 0 else { preconditionFailure("no memory for a command") }
        defer { redisFreeCommand(target) }
        return [UInt8](UnsafeRawBufferPointer(start: target, count: Int(length)))
    }
}
