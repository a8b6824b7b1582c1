// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import RedisClient
internal import SharedKernel

/// Reads and judges the budgets of one tenant.
///
/// ``scan(into:)`` walks everything in pages while others write, so it only says what deserves a second look; the
/// other two look at given subjects at one instant each.
struct BudgetVerifier {
    /// Subjects read by one transaction.
    private static let subjectsAtOnce = 200

    let place: TenantPlace
    let reader: BatchReader
    let options: VerificationOptions

    // MARK: Scan

    /// Walks live reservations and ledgers, counts them, and returns the subjects that look wrong.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects: Set<VerifiedSubject> = []
        let sums = try await scanReservations(into: &counts, &suspects)
        try await scanDirectory(sums, into: &counts, &suspects)
        return suspects
    }

    private func scanReservations(
        into counts: inout VerificationReport.Counts, _ suspects: inout Set<VerifiedSubject>
    ) async throws(VerificationError) -> ReservedSums {
        var sums = ReservedSums()
        var rank = 0
        while true {
            let reply = try await reader.read(Read.members(place.due, from: rank))
            let hashes = reply.members
            counts.reservations += hashes.count
            let (findings, records) = try await judge(hashes, atOnce: false)
            for record in records { sums.add(record) }
            suspects.formUnion(findings.map(\.violation.subject))
            guard hashes.count == Read.page else { return sums }
            rank += Read.page
        }
    }

    private func scanDirectory(
        _ sums: ReservedSums, into counts: inout VerificationReport.Counts, _ suspects: inout Set<VerifiedSubject>
    ) async throws(VerificationError) {
        var unlisted = Set(sums.entries)
        var after: [UInt8] = []
        while true {
            let members = try await reader.read(Read.members(place.directory, after: after)).members
            counts.ledgers += members.count
            for member in members where LedgerEntry(member) == nil { suspects.insert(.ledger(member)) }
            let entries = members.compactMap(LedgerEntry.init)
            unlisted.subtract(entries)
            let replies = try await reader.read(entries.map { Read.value(place.ledger($0)) })
            for (entry, reply) in zip(entries, replies)
            where !check(entry, isListed: true, reply, sums).findings().isEmpty {
                suspects.insert(entry.subject)
            }
            guard let last = members.last, members.count == Read.page else { break }
            after = last
        }
        suspects.formUnion(unlisted.map(\.subject))
    }

    // MARK: Second look

    /// What is wrong with these reservations; every few of them are read at one instant. Those that are no longer
    /// listed as live are none of the matter.
    func findings(ofReservations hashes: [[UInt8]]) async throws(VerificationError) -> [Finding] {
        var findings: [Finding] = []
        var rest = hashes[...]
        while !rest.isEmpty {
            findings += try await judge(Array(rest.prefix(Self.subjectsAtOnce)), atOnce: true).findings
            rest = rest.dropFirst(Self.subjectsAtOnce)
        }
        return findings
    }

    /// What is wrong with these entries of the directory, and which ledgers could not be seen at rest.
    func findings(
        ofLedgers members: [[UInt8]]
    ) async throws(VerificationError) -> (findings: [Finding], undecided: [VerifiedSubject]) {
        var findings: [Finding] = []
        var undecided: [VerifiedSubject] = []
        for member in members where LedgerEntry(member) == nil {
            findings += try await unreadable(member)
        }
        let views = LedgerViews(place: place, reader: reader, atomicMax: options.atomicMax)
        var rest = members.compactMap(LedgerEntry.init)[...]
        while !rest.isEmpty {
            let entries = Array(rest.prefix(Self.subjectsAtOnce))
            rest = rest.dropFirst(Self.subjectsAtOnce)
            guard let view = try await views.view(of: entries) else {
                undecided += entries.map(\.subject)
                continue
            }
            let sums = try await sums(of: view.live)
            for (index, entry) in entries.enumerated() {
                findings += check(entry, isListed: view.isListed(index), view.value(index), sums).findings()
            }
        }
        return (findings, undecided)
    }

    private func unreadable(_ member: [UInt8]) async throws(VerificationError) -> [Finding] {
        guard try await reader.read(Read.score(place.directory, member)).bytes != nil else { return [] }
        return [
            Finding(
                .soundRecords, place.tenant.bytes, .ledger(member), expected: "path, NUL, unit letter",
                actual: printable(member), detail: "key \(printable(place.directory))")
        ]
    }

    /// What a reservation holds never changes and its record outlives it by a day: the records of a list may be read
    /// after the list.
    private func sums(of hashes: [[UInt8]]) async throws(VerificationError) -> ReservedSums {
        var sums = ReservedSums()
        var rest = hashes[...]
        while !rest.isEmpty {
            for reply in try await reader.read(rest.prefix(Read.page).map { Read.value(place.record($0)) }) {
                if let record = reply.bytes.flatMap({ BudgetRecord($0) }) { sums.add(record) }
            }
            rest = rest.dropFirst(Read.page)
        }
        return sums
    }

    // MARK: Parts

    private func check(_ entry: LedgerEntry, isListed: Bool, _ reply: RedisReply, _ sums: ReservedSums) -> LedgerCheck {
        let sum = sums.sum(of: entry)
        return LedgerCheck(
            place: place, entry: entry, isListed: isListed, reply: reply, reserved: sum.amount,
            reservations: sum.reservations)
    }

    /// Judges reservations that are listed as live, and returns the records that can be read. A record's row number
    /// never changes, so one reading can find the row for the next.
    private func judge(
        _ hashes: [[UInt8]], atOnce: Bool
    ) async throws(VerificationError) -> (findings: [Finding], records: [BudgetRecord]) {
        let gets = hashes.map { Read.value(place.record($0)) }
        let first = try await reader.read(gets)
        let rows = first.map { ReservationCheck.row(place, of: $0) }
        let replies: [RedisReply]
        if atOnce {
            replies = try await reader.readAtOnce(gets + rows + hashes.map { Read.score(place.due, $0) })
        } else {
            replies = first + (try await reader.read(rows))
        }
        let count = hashes.count
        var findings: [Finding] = []
        var records: [BudgetRecord] = []
        for (index, hash) in hashes.enumerated() where !atOnce || !replies[2 * count + index].isNull {
            let check = ReservationCheck(
                place: place, hash: hash, reply: replies[index], row: replies[count + index])
            findings += check.findings()
            if let record = check.record { records.append(record) }
        }
        return (findings, records)
    }
}

extension RedisReply {
    /// The members of an index; none when the key holds another type, which is the tenant check's to report.
    var members: [[UInt8]] { (array ?? []).compactMap(\.bytes) }
}
