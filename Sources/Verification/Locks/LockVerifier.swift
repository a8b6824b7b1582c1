// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// Reads and judges the held names of one tenant, like ``BudgetVerifier`` its budgets.
struct LockVerifier {
    /// Entries read by one transaction.
    private static let subjectsAtOnce = 200

    let place: TenantPlace
    let reader: BatchReader
    let options: VerificationOptions

    /// Walks the active holds, counts them, and returns the subjects that look wrong.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects: Set<VerifiedSubject> = []
        var rank = 0
        while true {
            let members = try await reader.read(Read.members(place.active, from: rank)).members
            counts.locks += members.count
            suspects.formUnion(try await judge(members, atOnce: false).map(\.violation.subject))
            guard members.count == Read.page else { return suspects }
            rank += Read.page
        }
    }

    /// What is wrong with these entries; every few of them are read at one instant. Those that are no longer listed, or
    /// change hands meanwhile, are none of the matter.
    func findings(of entries: [[UInt8]]) async throws(VerificationError) -> [Finding] {
        var findings: [Finding] = []
        var rest = entries[...]
        while !rest.isEmpty {
            findings += try await judge(Array(rest.prefix(Self.subjectsAtOnce)), atOnce: true)
            rest = rest.dropFirst(Self.subjectsAtOnce)
        }
        return findings
    }

    private func judge(_ entries: [[UInt8]], atOnce: Bool) async throws(VerificationError) -> [Finding] {
        let keys = entries.map { place.hold($0.dropFirst()) }
        let owners = try await reader.read(keys.map(Read.value)).map(Self.owner)
        let commands =
            [Read.time] + entries.map { Read.score(place.active, $0) } + keys.map(Read.value)
            + zip(entries, owners).map { Read.score(place.requester($1), Array($0.dropFirst())) }
        let replies = atOnce ? try await reader.readAtOnce(commands) : try await reader.read(commands)
        guard let nowMs = replies[0].clockMs else { throw .unexpectedReply(to: "TIME") }
        let count = entries.count
        var findings: [Finding] = []
        for (index, entry) in entries.enumerated() {
            let record = replies[1 + count + index]
            guard let score = replies[1 + index].bytes, Self.owner(record) == owners[index] else { continue }
            let check = LockCheck(
                place: place, entry: entry, score: score, record: record,
                requesterScore: replies[1 + 2 * count + index], nowMs: nowMs, toleranceMs: options.lockToleranceMs)
            findings += check.findings()
        }
        return findings
    }

    private static func owner(_ record: RedisReply) -> [UInt8] {
        record.bytes.flatMap(HoldRecord.init)?.requester ?? []
    }
}
