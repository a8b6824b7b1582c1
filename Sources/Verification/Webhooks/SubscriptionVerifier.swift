// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges the webhook subscriptions of one owner.
struct SubscriptionVerifier {
    /// Subscriptions read by one transaction.
    private static let subjectsAtOnce = 100
    /// In the place of a subscription in `asks`: what the operator's subscriptions ask of every tenant.
    private static let spread = TenantID.system.bytes

    let place: TenantPlace
    let reader: BatchReader

    /// Walks rows and lists, counts the subscriptions, and returns the subjects that look wrong.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        let rows = try await names { Read.fieldPage(place.subscriptions, from: $0) }
        counts.subscriptions += rows.count
        var listed = try await names { Read.memberPage(place.subscriptionList, from: $0) }
        listed.formUnion(try await names { Read.fieldPage(place.asks, from: $0) })
        listed.remove(Self.spread)
        var suspects = Set(listed.subtracting(rows).map(VerifiedSubject.subscription))
        suspects.formUnion(try await judge(Array(rows), atOnce: false).map(\.violation.subject))
        if !(try await findingsOfAsks().isEmpty) { suspects.insert(.asks) }
        return suspects
    }

    /// What is wrong with these subscriptions; every few of them are read at one instant.
    func findings(of ids: [[UInt8]]) async throws(VerificationError) -> [Finding] {
        try await judge(ids, atOnce: true)
    }

    /// What is wrong with what all of them ask for.
    func findingsOfAsks() async throws(VerificationError) -> [Finding] {
        AsksCheck(place: place, replies: try await reader.readAtOnce(AsksCheck.reads(place))).findings()
    }

    private func judge(_ ids: [[UInt8]], atOnce: Bool) async throws(VerificationError) -> [Finding] {
        var findings: [Finding] = []
        var rest = ids[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.subjectsAtOnce)
            let commands = part.flatMap { SubscriptionCheck.reads(place, id: $0) }
            let replies = atOnce ? try await reader.readAtOnce(commands) : try await reader.read(commands)
            for (index, id) in part.enumerated() {
                let first = index * SubscriptionCheck.width
                findings += SubscriptionCheck(
                    place: place, id: id, replies: replies[first..<first + SubscriptionCheck.width]
                ).findings()
            }
            rest = rest.dropFirst(Self.subjectsAtOnce)
        }
        return findings
    }

    /// The first of each pair of an index.
    private func names(_ page: ([UInt8]) -> RedisCommand) async throws(VerificationError) -> Set<[UInt8]> {
        var names: Set<[UInt8]> = []
        try await reader.pages(page) { (pairs) async throws(VerificationError) in
            for index in stride(from: 0, to: pairs.count - 1, by: 2) { names.insert(pairs[index]) }
        }
        return names
    }
}
