// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// The commands of a verification: reads of one key, each bounded.
enum Read {
    /// Members of an index read by one command.
    static let page = 500

    static func value(_ key: [UInt8]) -> RedisCommand { command("GET", key) }

    static func bytes(_ key: [UInt8], from first: Int64, count: Int64) -> RedisCommand {
        command("GETRANGE", key, decimal(first), decimal(first + count - 1))
    }

    static func fields(_ key: [UInt8], _ names: [String]) -> RedisCommand {
        RedisCommand([[UInt8]("HMGET".utf8), key] + names.map { [UInt8]($0.utf8) })
    }

    static func field(_ key: [UInt8], _ name: [UInt8]) -> RedisCommand { command("HGET", key, name) }

    /// All fields of a hash that belongs to one resource, with their values.
    static func all(_ key: [UInt8]) -> RedisCommand { command("HGETALL", key) }

    /// The last entry of a stream, its id first.
    static func lastEntry(_ key: [UInt8]) -> RedisCommand {
        RedisCommand([[UInt8]("XREVRANGE".utf8), key] + ["+", "-", "COUNT", "1"].map { [UInt8]($0.utf8) })
    }

    static func type(_ key: [UInt8]) -> RedisCommand { command("TYPE", key) }

    static func count(_ key: [UInt8]) -> RedisCommand { command("ZCARD", key) }

    static func score(_ key: [UInt8], _ member: [UInt8]) -> RedisCommand { command("ZSCORE", key, member) }

    /// A page of members by rank.
    static func members(_ key: [UInt8], from rank: Int) -> RedisCommand {
        command("ZRANGE", key, decimal(Int64(rank)), decimal(Int64(rank + page - 1)))
    }

    /// A page of members in the order of their bytes.
    static func members(_ key: [UInt8], after member: [UInt8]) -> RedisCommand {
        let start = member.isEmpty ? [UInt8]("-".utf8) : [UInt8]("(".utf8) + member
        let limit = [[UInt8]("LIMIT".utf8), [UInt8]("0".utf8), decimal(Int64(page))]
        return RedisCommand([[UInt8]("ZRANGEBYLEX".utf8), key, start, [UInt8]("+".utf8)] + limit)
    }

    /// The member of the lowest score, with the score.
    static func first(_ key: [UInt8]) -> RedisCommand {
        command("ZRANGE", key, [UInt8]("0".utf8), [UInt8]("0".utf8), [UInt8]("WITHSCORES".utf8))
    }

    /// Scores of several members, nil for those that are not there.
    static func scores(_ key: [UInt8], _ members: [[UInt8]]) -> RedisCommand {
        RedisCommand([[UInt8]("ZMSCORE".utf8), key] + members)
    }

    /// A page of members above a score, each followed by its score; the first page for nil.
    static func members(_ key: [UInt8], above score: [UInt8]?) -> RedisCommand {
        let start = score.map { [40] + $0 } ?? [UInt8]("-inf".utf8)
        let rest = ["+inf", "WITHSCORES", "LIMIT", "0", String(page)].map { [UInt8]($0.utf8) }
        return RedisCommand([[UInt8]("ZRANGEBYSCORE".utf8), key, start] + rest)
    }

    /// The members of a score, the first few.
    static func members(_ key: [UInt8], at score: some Collection<UInt8>) -> RedisCommand {
        let limit = ["LIMIT", "0", "10"].map { [UInt8]($0.utf8) }
        return RedisCommand([[UInt8]("ZRANGEBYSCORE".utf8), key, Array(score), Array(score)] + limit)
    }

    /// The first members.
    static func firstMembers(_ key: [UInt8], count: Int) -> RedisCommand {
        command("ZRANGE", key, [48], decimal(Int64(count - 1)))
    }

    /// What is left of a key's life, ms; -1 for one without an end.
    static func life(_ key: [UInt8]) -> RedisCommand { command("PTTL", key) }

    static func exists(_ key: [UInt8]) -> RedisCommand { command("EXISTS", key) }

    static func hasField(_ key: [UInt8], _ name: [UInt8]) -> RedisCommand { command("HEXISTS", key, name) }

    /// A page of the keyspace: keys of a pattern.
    static func keys(_ pattern: [UInt8], from cursor: [UInt8]) -> RedisCommand {
        RedisCommand(
            [
                [UInt8]("SCAN".utf8), cursor, [UInt8]("MATCH".utf8), pattern, [UInt8]("COUNT".utf8),
                decimal(2 * Int64(page)),
            ])
    }

    /// A page of a sorted set whose scores change meanwhile: members, each followed by its score.
    static func memberPage(_ key: [UInt8], from cursor: [UInt8]) -> RedisCommand {
        command("ZSCAN", key, cursor, [UInt8]("COUNT".utf8), decimal(Int64(page)))
    }

    /// A page of a hash: fields, each followed by its value.
    static func fieldPage(_ key: [UInt8], from cursor: [UInt8]) -> RedisCommand {
        command("HSCAN", key, cursor, [UInt8]("COUNT".utf8), decimal(Int64(page)))
    }

    static let time = RedisCommand("TIME")

    private static func command(_ name: StaticString, _ words: [UInt8]...) -> RedisCommand {
        RedisCommand([name.withUTF8Buffer { Array($0) }] + words)
    }

    private static func decimal(_ value: Int64) -> [UInt8] { [UInt8](String(value).utf8) }
}
