// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// Everything that a Redis database holds, by meaning and not by encoding: two snapshots are equal when no command
/// could tell the databases apart. Of a stream only the entries count, not the last id.
package struct KeyspaceSnapshot: Sendable {
    /// What a key holds.
    package enum Content: Sendable, Hashable {
        case string(ByteText)
        case hash([ByteText: ByteText])
        /// Members with their scores as Redis prints them.
        case sortedSet([ByteText: ByteText])
        case list([ByteText])
        case set(Set<ByteText>)
        /// Entries in order: id, then fields and values in turn.
        case stream([[ByteText]])
    }

    /// What a key holds and when it ends.
    package struct Entry: Sendable, Hashable {
        package var content: Content
        /// When the key expires, ms since the epoch by Redis' own clock; nil for never.
        package var expiresAtMs: Int64?

        package init(_ content: Content, expiresAtMs: Int64? = nil) {
            self.content = content
            self.expiresAtMs = expiresAtMs
        }
    }

    /// Every key.
    package var entries: [ByteText: Entry]
    /// When it was taken, ms since the epoch by Redis' own clock; not part of a comparison.
    package let takenAtMs: Int64

    /// What `key` holds, or nil.
    package subscript(key: ByteText) -> Content? { self.entries[key]?.content }

    /// The bytes of a string key, or nil.
    package func string(_ key: ByteText) -> ByteText? {
        if case .string(let text)? = self[key] { text } else { nil }
    }

    /// The fields of a hash key; none when there is no such key.
    package func hash(_ key: ByteText) -> [ByteText: ByteText] {
        if case .hash(let fields)? = self[key] { fields } else { [:] }
    }

    /// The members and scores of a sorted set; none when there is no such key.
    package func scores(_ key: ByteText) -> [ByteText: ByteText] {
        if case .sortedSet(let scores)? = self[key] { scores } else { [:] }
    }

    /// The entries of a stream; none when there is no such key.
    package func stream(_ key: ByteText) -> [[ByteText]] {
        if case .stream(let entries)? = self[key] { entries } else { [] }
    }

    /// How long `key` has still to live, ms; nil when it has no end or is not there.
    package func remainingMs(_ key: ByteText) -> Int64? {
        self.entries[key]?.expiresAtMs.map { $0 - self.takenAtMs }
    }

    /// One line for each key in which `other` differs from this; empty when nothing does.
    package func changes(to other: KeyspaceSnapshot) -> [String] {
        let keys = Set(self.entries.keys).union(other.entries.keys).sorted()
        return keys.compactMap { key in
            let (old, new) = (self.entries[key], other.entries[key])
            guard old != new else { return nil }
            return "\(key): \(Self.text(old)) -> \(Self.text(new))"
        }
    }

    private static func text(_ entry: Entry?) -> String {
        guard let entry else { return "none" }
        let end = entry.expiresAtMs.map { " until \($0)" } ?? ""
        return "\(entry.content)\(end)"
    }
}

extension KeyspaceSnapshot: Equatable {
    package static func == (left: KeyspaceSnapshot, right: KeyspaceSnapshot) -> Bool { left.entries == right.entries }
}

extension KeyspaceSnapshot {
    /// A script that replies with the time and everything the database holds; runs when memory is full, too.
    static let script: ByteText = """
        #!lua flags=no-writes
        local t = redis.call('TIME')
        local out = {t[1] * 1000 + math.floor(t[2] / 1000)}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            local kind = redis.call('TYPE', key).ok
            local content
            if kind == 'string' then content = redis.call('GET', key)
            elseif kind == 'hash' then content = redis.call('HGETALL', key)
            elseif kind == 'zset' then content = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
            elseif kind == 'list' then content = redis.call('LRANGE', key, 0, -1)
            elseif kind == 'set' then content = redis.call('SMEMBERS', key)
            elseif kind == 'stream' then content = redis.call('XRANGE', key, '-', '+') end
            out[#out + 1] = {key, kind, redis.call('PEXPIRETIME', key), content}
        end
        return out
        """

    /// Reads the reply of the script; nil when it has another shape. Keys that begin with `ignoring` are left out.
    init?(_ reply: RedisReply, ignoring ignored: ByteText) {
        guard let rows = reply.array, let taken = rows.first?.integer else { return nil }
        var entries: [ByteText: Entry] = [:]
        for row in rows.dropFirst() {
            guard let fields = row.array, fields.count == 4, let key = fields[0].bytes, let kind = fields[1].text,
                let end = fields[2].integer, let content = Content(kind: kind, fields[3])
            else { return nil }
            if key.starts(with: ignored.bytes) { continue }
            entries[ByteText(key)] = Entry(content, expiresAtMs: end < 0 ? nil : end)
        }
        self.entries = entries
        self.takenAtMs = taken
    }
}

extension KeyspaceSnapshot.Content {
    fileprivate init?(kind: String, _ reply: RedisReply) {
        if kind == "string" {
            guard let bytes = reply.bytes else { return nil }
            self = .string(ByteText(bytes))
            return
        }
        guard let elements = reply.array else { return nil }
        if kind == "stream" {
            self = .stream(elements.compactMap(Self.streamEntry))
            return
        }
        let texts = elements.compactMap(\.bytes).map { ByteText($0) }
        switch kind {
        case "hash": self = .hash(Self.pairs(texts))
        case "zset": self = .sortedSet(Self.pairs(texts))
        case "list": self = .list(texts)
        case "set": self = .set(Set(texts))
        default: return nil
        }
    }

    private static func pairs(_ texts: [ByteText]) -> [ByteText: ByteText] {
        var out: [ByteText: ByteText] = [:]
        for index in stride(from: 0, to: texts.count - 1, by: 2) { out[texts[index]] = texts[index + 1] }
        return out
    }

    private static func streamEntry(_ reply: RedisReply) -> [ByteText]? {
        guard let parts = reply.array, parts.count == 2, let id = parts[0].bytes, let fields = parts[1].array else {
            return nil
        }
        return [ByteText(id)] + fields.compactMap(\.bytes).map { ByteText($0) }
    }
}
