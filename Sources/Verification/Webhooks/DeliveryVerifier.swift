// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges deliveries of one shard. A scan of the keyspace finds them: one that no index leads to is what this
/// is about.
struct DeliveryVerifier {
    /// Deliveries read by one transaction.
    private static let subjectsAtOnce = 100

    let place: ShardPlace
    let reader: BatchReader

    /// Which of these look wrong.
    func suspects(of ids: [[UInt8]]) async throws(VerificationError) -> [VerifiedSubject] {
        try await judge(ids, atOnce: false).map(\.violation.subject)
    }

    /// What is wrong with these; every few of them are read at one instant.
    func findings(of ids: [[UInt8]]) async throws(VerificationError) -> [Finding] {
        var findings: [Finding] = []
        var rest = ids[...]
        while !rest.isEmpty {
            findings += try await judge(Array(rest.prefix(Self.subjectsAtOnce)), atOnce: true)
            rest = rest.dropFirst(Self.subjectsAtOnce)
        }
        return findings
    }

    private func judge(_ ids: [[UInt8]], atOnce: Bool) async throws(VerificationError) -> [Finding] {
        let stored = try await reader.read(ids.map { StoredDelivery.read(place.delivery($0)) }).map(StoredDelivery.init)
        let commands =
            [Read.time] + zip(ids, stored).flatMap { DeliveryCheck.reads(place, id: $0.0, $0.1) }
        let replies = atOnce ? try await reader.readAtOnce(commands) : try await reader.read(commands)
        guard let nowMs = replies[0].clockMs else { throw .unexpectedReply(to: "TIME") }
        return ids.indices.flatMap { index in
            let first = 1 + index * DeliveryCheck.width
            return DeliveryCheck(
                place: place, id: ids[index], replies: replies[first..<first + DeliveryCheck.width], nowMs: nowMs
            ).findings()
        }
    }

    // MARK: Lists

    /// Entries of a subscription's list that name no delivery.
    func suspects(ofList subscription: [UInt8]) async throws(VerificationError) -> [VerifiedSubject] {
        let key = place.deliveries(of: subscription)
        var suspects: [VerifiedSubject] = []
        let page: ([UInt8]) -> RedisCommand = { Read.memberPage(key, from: $0) }
        try await reader.pages(page) { (page) async throws(VerificationError) in
            let ids = stride(from: 0, to: page.count - 1, by: 2).map { page[$0] }
            let replies = try await reader.read(ids.map { Read.exists(place.delivery($0)) })
            for (id, reply) in zip(ids, replies) where reply.integer == 0 {
                suspects.append(.entry(key: key, member: id))
            }
        }
        return suspects
    }

    /// What is wrong with an entry of such a list: its delivery has ended before its time. Old ones leave the list as
    /// new ones come.
    func finding(ofListed id: [UInt8], in key: [UInt8]) async throws(VerificationError) -> [Finding] {
        let replies = try await reader.readAtOnce([
            Read.time, Read.score(key, id), Read.exists(place.delivery(id)),
        ])
        guard let nowMs = replies[0].clockMs, let createdMs = replies[1].score, replies[2].integer == 0,
            createdMs > nowMs - DeliveryCheck.keptMs
        else { return [] }
        return [
            Finding(
                .indexed, TenantID.system.bytes, .entry(key: key, member: id),
                expected: "a delivery made at \(createdMs)", actual: "none",
                detail: "key \(printable(place.delivery(id)))")
        ]
    }

    // MARK: Attempts under way

    /// Attempts of a subscription that do not belong to a delivery which waits.
    func suspects(ofFlights subscription: [UInt8]) async throws(VerificationError) -> [VerifiedSubject] {
        let key = place.flights(of: subscription)
        var suspects: [VerifiedSubject] = []
        let page: ([UInt8]) -> RedisCommand = { Read.memberPage(key, from: $0) }
        try await reader.pages(page) { (page) async throws(VerificationError) in
            for index in stride(from: 0, to: page.count - 1, by: 2) {
                if try await !finding(ofFlight: page[index], in: key).isEmpty {
                    suspects.append(.entry(key: key, member: page[index]))
                }
            }
        }
        return suspects
    }

    /// What is wrong with an attempt under way: its delivery is gone or another subscription's. What else a delivery
    /// has to be is judged with it.
    func finding(ofFlight id: [UInt8], in key: [UInt8]) async throws(VerificationError) -> [Finding] {
        let replies = try await reader.readAtOnce([
            Read.time, Read.score(key, id), StoredDelivery.read(place.delivery(id)),
        ])
        guard let nowMs = replies[0].clockMs, let until = replies[1].score, until > nowMs else { return [] }
        let stored = StoredDelivery(replies[2])
        if let stored, place.flights(of: stored.subscription) == key { return [] }
        // Its fields cannot be read, which is told of the delivery itself.
        if stored == nil, !StoredDelivery.isGone(replies[2]) { return [] }
        return [
            Finding(
                .onePlace, stored?.owner ?? TenantID.system.bytes, .entry(key: key, member: id),
                expected: "a delivery of this subscription under way until \(until)",
                actual: stored == nil ? "none" : "another's", detail: "key \(printable(place.delivery(id)))")
        ]
    }
}
