// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// Judges one event from what was read of it; pure.
struct EventCheck {
    /// Events younger than this still have their bodies, ms: a body lives for 90 days, and the last of them is left for
    /// clocks that stepped.
    private static let keptMs: Int64 = 89 * 86_400_000
    /// The bytes of a body up to the end of its type: 13 digits, names of at most 64 and 128 bytes, and some more.
    private static let headBytes: Int64 = 256

    let place: ShardPlace
    let owner: [UInt8]
    let sequence: [UInt8]
    /// The replies of ``reads(_:owner:sequence:)``.
    let replies: ArraySlice<RedisReply>
    let nowMs: Int64

    /// How many replies a check takes.
    static let width = 5

    /// The beginning of a body.
    static func head(_ place: ShardPlace, _ sequence: [UInt8]) -> RedisCommand {
        Read.bytes(place.event(sequence), from: 0, count: headBytes)
    }

    /// What a check needs.
    static func reads(_ place: ShardPlace, owner: [UInt8], sequence: [UInt8]) -> [RedisCommand] {
        [
            head(place, sequence), Read.life(place.event(sequence)), Read.members(place.log, at: sequence),
            Read.members(place.log(of: owner), at: sequence), Read.members(place.outbox, at: sequence),
        ]
    }

    private func reply(_ index: Int) -> RedisReply { replies[replies.startIndex + index] }

    /// What is wrong with it.
    func findings() -> [Finding] {
        guard !reply(3).isError, !reply(2).isError, !reply(4).isError else { return [] }
        let shardEntries = reply(2).members
        let ownEntries = reply(3).members
        let waiting = reply(4).members
        let isKnown =
            shardEntries.contains { LogEntry(shard: $0)?.owner == owner } || !ownEntries.isEmpty
            || waiting.contains { LogEntry(outbox: $0)?.owner == owner }
        let body = reply(0).bytes ?? []
        let head = LogEntry(body: body, sequence: sequence)
        guard isKnown || head?.owner == owner else { return [] }
        let broken: Invariant = waiting.isEmpty ? .indexed : .outbox
        if !waiting.isEmpty, waiting != [sequence + [58] + owner] {
            return [
                finding(
                    .outbox, expected: "at most \(printable(sequence + [58] + owner)) in the outbox",
                    actual: Self.list(waiting))
            ]
        }
        guard let entry = ownEntries.first.flatMap({ LogEntry(owned: $0, by: owner) }), ownEntries.count == 1,
            shardEntries == [entry.shardMember]
        else {
            return [
                finding(
                    broken, expected: "an entry in its owner's log, and the same one in its shard's",
                    actual: "\(Self.list(ownEntries)) and \(Self.list(shardEntries))")
            ]
        }
        if let problem = bodyProblem(body, head, entry) {
            return [
                finding(problem.isUnreadable ? .soundRecords : broken, expected: problem.0, actual: problem.1)
            ]
        }
        if reply(1).integer == -1 {
            return [finding(.indexed, expected: "a body that ends after 90 days", actual: "one without an end")]
        }
        return []
    }

    private typealias Problem = (String, String, isUnreadable: Bool)

    private func bodyProblem(_ body: [UInt8], _ head: LogEntry?, _ entry: LogEntry) -> Problem? {
        if reply(0).isError { return ("a body", "a key of another type", true) }
        if body.isEmpty {
            let atMs = (parseDigits(sequence) ?? 0) / 1_000
            return atMs > nowMs - Self.keptMs ? ("a body", "none", false) : nil
        }
        guard let head else { return ("a body with time, owner and type", "unreadable bytes", true) }
        if head.owner == owner, head.type == entry.type { return nil }
        return (
            "a body of \(printable(owner)), \(printable(entry.type))",
            "of \(printable(head.owner)), \(printable(head.type))", false
        )
    }

    private static func list(_ members: [[UInt8]]) -> String {
        members.isEmpty ? "none" : members.map { printable($0) }.joined(separator: " ")
    }

    private func finding(_ invariant: Invariant, expected: String, actual: String) -> Finding {
        Finding(
            invariant, owner, .event(owner: owner, sequence: sequence), expected: expected, actual: actual,
            detail: "key \(printable(place.event(sequence)))")
    }
}
