// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges keys and entries of one shard that nothing would lead to any more: a key without a life's end needs
/// an index that names it, and an index names what is there.
struct KeyVerifier {
    private static let subscriptionID = [UInt8](Keyspace.subscriptionIDPrefix.description.utf8)

    let place: ShardPlace
    let reader: BatchReader

    // MARK: Keys of the shard

    /// Keys of the shard that hold another type than they should.
    func wrongTypes() async throws(VerificationError) -> [Finding] {
        let keys =
            [
                place.log, place.outbox, place.lanes, place.dead, place.subscriptions,
                place.log(of: TenantID.system.bytes),
            ].map { ($0, "zset") } + [(place.ids, "hash")]
        let types = try await reader.read(keys.map { Read.type($0.0) })
        return zip(keys, types).compactMap { entry, reply in
            let type = reply.text ?? "unknown"
            guard type != "none", type != entry.1 else { return nil }
            return finding(.soundRecords, entry.0, expected: "a \(entry.1)", actual: "a \(type)")
        }
    }

    // MARK: Keys that a scan comes across

    /// Which of these look wrong.
    func suspects(_ found: [FoundKey]) async throws(VerificationError) -> [VerifiedSubject] {
        var suspects: [VerifiedSubject] = []
        let lanes = found.filter { $0.kind == .lane }
        let dues = try await reader.read(lanes.map { Read.score(place.lanes, Self.member(ofLane: $0.name)) })
        for (lane, due) in zip(lanes, dues) where due.bytes == nil {
            suspects.append(.lane(Self.member(ofLane: lane.name)))
        }
        let passing = found.filter(\.isPassing)
        let lives = try await reader.read(passing.map { Read.life($0.key) })
        for (key, life) in zip(passing, lives) where life.integer == -1 { suspects.append(.key(key.key)) }
        let facts = found.filter { $0.kind == .facts }
        let rows = try await reader.read(facts.map { Read.hasField(place.subscriptions(of: $0.owner), $0.name) })
        for (key, row) in zip(facts, rows) where row.integer == 0 { suspects.append(.key(key.key)) }
        return suspects
    }

    private static func member(ofLane name: [UInt8]) -> [UInt8] { [UInt8(ascii: "l")] + name }

    /// What is wrong with a key.
    func findings(of key: [UInt8]) async throws(VerificationError) -> [Finding] {
        guard let found = FoundKey(key, Keyspace(shardCount: Limits.shardCountMax)) else {
            return try await wrongTypes().filter { $0.violation.subject == .key(key) }
        }
        switch found.kind {
        case .event:
            let replies = try await reader.readAtOnce([
                EventCheck.head(place, found.name), Read.members(place.log, at: found.name),
            ])
            // Where a log names it, that is told of the event.
            guard replies[0].isError || replies[0].bytes?.isEmpty == false, replies[1].members.isEmpty else {
                return []
            }
            return [finding(.soundRecords, key, expected: "the body of an event", actual: "what no log names")]
        case .facts:
            let replies = try await reader.readAtOnce([
                Read.exists(key), Read.hasField(place.subscriptions(of: found.owner), found.name),
            ])
            guard replies[0].integer == 1, replies[1].integer == 0 else { return [] }
            return [finding(.indexed, key, expected: "a subscription \(printable(found.name))", actual: "none")]
        case .passing, .flights, .list:
            guard try await reader.read(Read.life(key)).integer == -1 else { return [] }
            return [finding(.indexed, key, expected: "a key that ends by itself", actual: "one without an end")]
        case .delivery, .lane: return []
        }
    }

    // MARK: Entries of lists

    /// Entries of the shard's lists of subscriptions and ids that name a subscription which is not there.
    func danglingEntries() async throws(VerificationError) -> [VerifiedSubject] {
        let lists: [([UInt8], ([UInt8]) -> RedisCommand)] = [
            (place.subscriptions, { Read.memberPage(place.subscriptions, from: $0) }),
            (place.ids, { Read.fieldPage(place.ids, from: $0) }),
        ]
        var suspects: [VerifiedSubject] = []
        for (key, scan) in lists {
            try await reader.pages(scan) { (page) async throws(VerificationError) in
                let named = stride(from: 0, to: page.count - 1, by: 2).compactMap { index in
                    subscription(page[index], in: key, value: page[index + 1]).map { (page[index], $0.id, $0.owner) }
                }
                let rows = try await reader.read(named.map { Read.hasField(place.subscriptions(of: $0.2), $0.1) })
                for (entry, row) in zip(named, rows) where row.integer == 0 {
                    suspects.append(.entry(key: key, member: entry.0))
                }
            }
        }
        return suspects
    }

    /// What is wrong with an entry of one of these lists.
    func finding(ofEntry member: [UInt8], in key: [UInt8]) async throws(VerificationError) -> [Finding] {
        let isList = key == place.subscriptions
        let read = isList ? Read.score(key, member) : Read.field(key, member)
        guard let value = try await reader.read(read).bytes,
            let (id, owner) = subscription(member, in: key, value: value)
        else { return [] }
        let replies = try await reader.readAtOnce([read, Read.hasField(place.subscriptions(of: owner), id)])
        guard replies[0].bytes == value, replies[1].integer == 0 else { return [] }
        return [
            Finding(
                .indexed, owner, .entry(key: key, member: member), expected: "a subscription of \(printable(owner))",
                actual: "none", detail: "key \(printable(place.subscriptions(of: owner)))")
        ]
    }

    /// The subscription and owner that an entry names; nil for the ids of other things.
    private func subscription(
        _ member: [UInt8], in key: [UInt8], value: [UInt8]
    ) -> (id: [UInt8], owner: [UInt8])? {
        if key == place.ids { return member.starts(with: Self.subscriptionID) ? (member, value) : nil }
        guard let colon = member.firstIndex(of: 58) else { return (member, []) }
        return (Array(member[..<colon]), Array(member[(colon + 1)...]))
    }

    private func finding(_ invariant: Invariant, _ key: [UInt8], expected: String, actual: String) -> Finding {
        Finding(
            invariant, TenantID.system.bytes, .key(key), expected: expected, actual: actual,
            detail: "key \(printable(key))")
    }
}
