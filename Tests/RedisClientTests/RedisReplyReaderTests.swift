// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Testing

@Suite("The reply reader")
struct RedisReplyReaderTests {
    private func read(_ text: String) throws -> [RedisReply] {
        try self.read(chunks: [Array(text.utf8)])
    }

    private func read(chunks: [[UInt8]]) throws -> [RedisReply] {
        let reader = try RedisReplyReader()
        var replies: [RedisReply] = []
        for chunk in chunks {
            try chunk.withUnsafeBytes { try reader.feed($0) }
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }

    private static let bulk = RedisReply.bulk(Array("a\r\nb".utf8))

    static let table: [(String, RedisReply)] = [
        ("+OK\r\n", .simple(Array("OK".utf8))), ("+\r\n", .simple([])),
        (":0\r\n", .integer(0)), (":-42\r\n", .integer(-42)), (":9223372036854775807\r\n", .integer(.max)),
        (":-9223372036854775808\r\n", .integer(.min)),
        ("$4\r\na\r\nb\r\n", bulk), ("$0\r\n\r\n", .bulk([])), ("$-1\r\n", .null), ("*-1\r\n", .null),
        ("*0\r\n", .array([])),
        ("-ERR no\r\n", .error(RedisServerError(message: Array("ERR no".utf8)))),
        (
            "*4\r\n$-1\r\n:1\r\n*2\r\n+a\r\n$4\r\na\r\nb\r\n-WRONGTYPE x\r\n",
            .array([
                .null, .integer(1), .array([.simple([0x61]), bulk]),
                .error(RedisServerError(message: Array("WRONGTYPE x".utf8))),
            ])
        ),
    ]

    @Test("Each kind of reply is read as it is", arguments: table)
    func kinds(_ text: String, _ reply: RedisReply) throws {
        #expect(try self.read(text) == [reply])
    }

    @Test("A stream cut in two at any byte, and cut at every byte, gives the same replies")
    func everyCut() throws {
        let stream = Self.table.flatMap { Array($0.0.utf8) }
        let expected = Self.table.map(\.1)
        for cut in 0...stream.count {
            #expect(try self.read(chunks: [Array(stream[..<cut]), Array(stream[cut...])]) == expected)
        }
        #expect(try self.read(chunks: stream.map { [$0] }) == expected)
    }

    @Test("Arrays may be nested eight deep, not nine")
    func depth() throws {
        let eight = String(repeating: "*1\r\n", count: 8) + ":5\r\n"
        var reply = RedisReply.integer(5)
        for _ in 0..<8 { reply = .array([reply]) }
        #expect(try self.read(eight) == [reply])
        #expect(throws: RedisReplyReader.Fault.self) { try self.read("*1\r\n" + eight) }
    }

    @Test(
        "What is not the protocol is a fault with a message",
        arguments: [
            "HTTP/1.1 400\r\n", "\r\n", ":12a\r\n", ":99999999999999999999\r\n", "$-2\r\n", "$x\r\n", "*-2\r\n",
        ]
    )
    func garbage(_ text: String) throws {
        let fault = try #require(throws: RedisReplyReader.Fault.self) { try self.read(text) }
        #expect(!fault.description.isEmpty)
    }

    @Test("A bulk string of 16 MB comes through, in pieces of a socket read")
    func hugeBulk() throws {
        let size = 16 * 1024 * 1024
        let body = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            for index in 0..<size { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
            count = size
        }
        let stream = Array("$\(size)\r\n".utf8) + body + Array("\r\n".utf8)
        let chunks = stride(from: 0, to: stream.count, by: 65536).map {
            Array(stream[$0..<min($0 + 65536, stream.count)])
        }
        #expect(try self.read(chunks: chunks) == [.bulk(body)])
    }

    @Test("An array of 100,000 elements comes through")
    func hugeArray() throws {
        let stream = "*100000\r\n" + (0..<100_000).map { ":\($0)\r\n" }.joined()
        #expect(try self.read(stream) == [.array((0..<100_000).map { .integer($0) })])
    }

    @Test("The accessors give a value for their own kind only")
    func accessors() {
        #expect(RedisReply.integer(3).integer == 3)
        #expect(RedisReply.bulk([0x33]).integer == nil)
        #expect(RedisReply.bulk([0x33]).text == "3")
        #expect(RedisReply.simple([0x33]).bytes == [0x33])
        #expect(RedisReply.array([.null]).array == [.null])
        #expect(RedisReply.null.isNull)
        #expect(RedisReply.null.bytes == nil)
    }
}
