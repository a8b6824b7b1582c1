// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges the events of one shard: the shard's log, its owners' logs and its outbox must agree, and each
/// event must have its body.
struct EventVerifier {
    /// Events read by one transaction.
    private static let subjectsAtOnce = 100

    let place: ShardPlace
    let reader: BatchReader

    // MARK: Scan

    /// Walks the logs and the outbox, counts the events, and returns the subjects that look wrong.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects = try await scanShardLog(into: &counts)
        suspects.formUnion(try await scanLog(of: TenantID.system.bytes))
        var rank = 0
        while true {
            let owners = try await reader.read(Read.members(place.tenants, from: rank)).members
            for owner in owners { suspects.formUnion(try await scanLog(of: owner)) }
            guard owners.count == Read.page else { break }
            rank += Read.page
        }
        suspects.formUnion(try await scanOutbox())
        return suspects
    }

    /// Each entry of the shard's log is in its owner's, too, and has a body that says the same.
    private func scanShardLog(
        into counts: inout VerificationReport.Counts
    ) async throws(VerificationError) -> Set<VerifiedSubject> {
        var (suspects, read) = (Set<VerifiedSubject>(), 0)
        try await walk(place.log) { (members) async throws(VerificationError) in
            read += members.count
            let entries = sound(members, LogEntry.init(shard:), in: place.log, &suspects)
            let bodies = try await reader.read(entries.map { EventCheck.head(place, $0.sequence) })
            for (entry, body) in zip(entries, bodies) {
                let head = body.bytes.flatMap { LogEntry(body: $0, sequence: entry.sequence) }
                if head?.owner != entry.owner || head?.type != entry.type { suspects.insert(Self.subject(entry)) }
            }
            for (owner, entries) in Dictionary(grouping: entries, by: \.owner) {
                suspects.formUnion(try await missing(entries, \.ownedMember, in: place.log(of: owner)))
            }
        }
        counts.events += read
        return suspects
    }

    /// Each entry of an owner's log is in the shard's, too.
    private func scanLog(of owner: [UInt8]) async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects: Set<VerifiedSubject> = []
        let log = place.log(of: owner)
        try await walk(log) { (members) async throws(VerificationError) in
            let entries = sound(members, { LogEntry(owned: $0, by: owner) }, in: log, &suspects)
            suspects.formUnion(try await missing(entries, \.shardMember, in: place.log))
        }
        return suspects
    }

    /// Each entry of the outbox is in its owner's log and has a body.
    private func scanOutbox() async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects: Set<VerifiedSubject> = []
        try await walk(place.outbox) { (members) async throws(VerificationError) in
            let entries = sound(members, LogEntry.init(outbox:), in: place.outbox, &suspects)
            let reads = entries.map { Read.members(place.log(of: $0.owner), at: $0.sequence) }
            let bodies = entries.map { Read.exists(place.event($0.sequence)) }
            let replies = try await reader.read(reads + bodies)
            for (index, entry) in entries.enumerated()
            where replies[index].members.count != 1 || replies[entries.count + index].integer != 1 {
                suspects.insert(Self.subject(entry))
            }
        }
        return suspects
    }

    /// Which of these entries another index lacks, or has with another number; none when it is of another type, which
    /// is told by itself.
    private func missing(
        _ entries: [LogEntry], _ member: (LogEntry) -> [UInt8], in index: [UInt8]
    ) async throws(VerificationError) -> [VerifiedSubject] {
        guard !entries.isEmpty else { return [] }
        guard let scores = try await reader.read(Read.scores(index, entries.map(member))).array else { return [] }
        return zip(entries, scores).filter { $1.score != parseDigits($0.sequence) }.map { Self.subject($0.0) }
    }

    private static func subject(_ entry: LogEntry) -> VerifiedSubject {
        .event(owner: entry.owner, sequence: entry.sequence)
    }

    private typealias Member = (bytes: [UInt8], score: [UInt8])

    /// Pages of a log in the order of its numbers.
    private func walk(
        _ key: [UInt8], _ body: ([Member]) async throws(VerificationError) -> Void
    ) async throws(VerificationError) {
        var last: [UInt8]?
        while true {
            let reply = try await reader.read(Read.members(key, above: last)).members
            let members = stride(from: 0, to: reply.count - 1, by: 2).map { (reply[$0], reply[$0 + 1]) }
            try await body(members)
            guard members.count == Read.page, let end = members.last else { return }
            last = end.1
        }
    }

    /// The entries that can be read and stand where their number says; the others are suspects.
    private func sound(
        _ members: [Member], _ parse: ([UInt8]) -> LogEntry?, in key: [UInt8], _ suspects: inout Set<VerifiedSubject>
    ) -> [LogEntry] {
        members.compactMap { member in
            if let entry = parse(member.bytes), parseDigits(entry.sequence) == parseScore(member.score).flatMap({ $0 })
            {
                return entry
            }
            suspects.insert(.entry(key: key, member: member.bytes))
            return nil
        }
    }

    // MARK: Second look

    /// What is wrong with these events; every few of them are read at one instant.
    func findings(of events: [(owner: [UInt8], sequence: [UInt8])]) async throws(VerificationError) -> [Finding] {
        var findings: [Finding] = []
        var rest = events[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.subjectsAtOnce)
            let reads = part.flatMap { EventCheck.reads(place, owner: $0.owner, sequence: $0.sequence) }
            let replies = try await reader.readAtOnce([Read.time] + reads)
            guard let nowMs = replies[0].clockMs else { throw .unexpectedReply(to: "TIME") }
            for (index, event) in part.enumerated() {
                let first = 1 + index * EventCheck.width
                findings += EventCheck(
                    place: place, owner: event.owner, sequence: event.sequence,
                    replies: replies[first..<first + EventCheck.width], nowMs: nowMs
                ).findings()
            }
            rest = rest.dropFirst(Self.subjectsAtOnce)
        }
        return findings
    }

    /// The entry of a log or an outbox that cannot be read, if it is still there.
    func finding(ofEntry member: [UInt8], in key: [UInt8]) async throws(VerificationError) -> [Finding] {
        guard let score = try await reader.read(Read.score(key, member)).bytes else { return [] }
        return [
            Finding(
                .soundRecords, TenantID.system.bytes, .entry(key: key, member: member),
                expected: "a number and names, listed by that number",
                actual: "\(printable(member)) listed by \(printable(score))", detail: "key \(printable(key))")
        ]
    }

    /// Bodies that the scan of the keyspace has come across: each is in its owner's log and has an end.
    func suspects(ofBodies sequences: [[UInt8]]) async throws(VerificationError) -> [VerifiedSubject] {
        let heads = try await reader.read(sequences.map { EventCheck.head(place, $0) })
        let lives = try await reader.read(sequences.map { Read.life(place.event($0)) })
        var entries: [LogEntry] = []
        var suspects: [VerifiedSubject] = []
        for (index, sequence) in sequences.enumerated() {
            if let bytes = heads[index].bytes, bytes.isEmpty { continue }
            guard parseDigits(sequence) != nil,
                let entry = heads[index].bytes.flatMap({ LogEntry(body: $0, sequence: sequence) })
            else {
                suspects.append(.key(place.event(sequence)))
                continue
            }
            if lives[index].integer == -1 { suspects.append(Self.subject(entry)) }
            entries.append(entry)
        }
        for (owner, entries) in Dictionary(grouping: entries, by: \.owner) {
            suspects += try await missing(entries, \.ownedMember, in: place.log(of: owner))
        }
        return suspects
    }
}
