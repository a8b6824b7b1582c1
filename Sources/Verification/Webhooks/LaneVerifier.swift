// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges the lanes of one shard and what is in them.
struct LaneVerifier {
    /// The first deliveries of a lane that are read for the reason why it is not due.
    private static let depth = 500

    let place: ShardPlace
    let reader: BatchReader
    let options: VerificationOptions

    // MARK: Scan

    /// Walks the lanes and all that waits in them, and returns what looks wrong.
    func scan() async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects: Set<VerifiedSubject> = []
        let page: ([UInt8]) -> RedisCommand = { Read.memberPage(place.lanes, from: $0) }
        try await reader.pages(page) { (page) async throws(VerificationError) in
            for index in stride(from: 0, to: page.count - 1, by: 2) {
                let member = page[index]
                guard let name = LaneName(member) else {
                    suspects.insert(.lane(member))
                    continue
                }
                if try await look(at: member, name, depth: 1, isCounted: false)?.findings().isEmpty == false {
                    suspects.insert(.lane(member))
                }
                if case .queue(let subscription, let tenant) = name {
                    suspects.formUnion(try await scanEntries(of: member, subscription, tenant))
                }
            }
        }
        return suspects
    }

    /// The entries of a lane that name no delivery, or one of another lane.
    private func scanEntries(
        of member: [UInt8], _ subscription: [UInt8], _ tenant: [UInt8]
    ) async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects: Set<VerifiedSubject> = []
        let key = place.lane(member.dropFirst())
        let page: ([UInt8]) -> RedisCommand = { Read.memberPage(key, from: $0) }
        try await reader.pages(page) { (page) async throws(VerificationError) in
            let ids = stride(from: 0, to: page.count - 1, by: 2).map { page[$0] }
            let replies = try await reader.read(ids.map { StoredDelivery.read(place.delivery($0)) })
            for (id, reply) in zip(ids, replies) {
                let stored = StoredDelivery(reply)
                if stored?.subscription != subscription || stored?.tenant != tenant {
                    suspects.insert(.queued(lane: member, delivery: id))
                }
            }
        }
        return suspects
    }

    // MARK: Second look

    /// What is wrong with a lane.
    func findings(ofLane member: [UInt8]) async throws(VerificationError) -> [Finding] {
        if let name = LaneName(member) {
            return try await look(at: member, name, depth: Self.depth, isCounted: true)?.findings() ?? []
        }
        guard try await reader.read(Read.score(place.lanes, member)).bytes != nil else { return [] }
        return [
            Finding(
                .soundRecords, TenantID.system.bytes, .lane(member),
                expected: "a subscription and a tenant, or a delivery",
                actual: printable(member), detail: "key \(printable(place.lanes))")
        ]
    }

    /// What is wrong with an entry of a lane. The life of a delivery may end before a worker comes: then its event is
    /// old, and so is its place in the list of the subscription's deliveries.
    func findings(ofEntry id: [UInt8], in member: [UInt8]) async throws(VerificationError) -> [Finding] {
        guard case .queue(let subscription, let tenant)? = LaneName(member) else { return [] }
        let replies = try await reader.readAtOnce([
            Read.time, Read.score(place.lane(member.dropFirst()), id), StoredDelivery.read(place.delivery(id)),
            Read.score(place.deliveries(of: subscription), id),
        ])
        guard let nowMs = replies[0].clockMs else { throw .unexpectedReply(to: "TIME") }
        guard let sequence = replies[1].score else { return [] }
        let actual: String
        let stored = StoredDelivery(replies[2])
        if StoredDelivery.isGone(replies[2]) {
            let oldMs = nowMs - DeliveryCheck.keptMs
            guard sequence / 1_000 > oldMs || (replies[3].score ?? 0) > oldMs else { return [] }
            actual = "none"
        } else {
            // Fields that cannot be read are told of the delivery itself.
            guard let stored, stored.subscription != subscription || stored.tenant != tenant else { return [] }
            actual = "one of lane \(printable(LaneName.member(stored.subscription, stored.tenant)))"
        }
        return [
            Finding(
                .onePlace, stored?.owner ?? tenant, .queued(lane: member, delivery: id),
                expected: "a delivery that waits in this lane", actual: actual,
                detail: "key \(printable(place.delivery(id)))")
        ]
    }

    /// What is read of a lane: first which deliveries are in front, then all at one instant. Nil when one of its keys
    /// is of another type. Unless `isCounted`, as many deliveries are taken for all of it as were read.
    private func look(
        at member: [UInt8], _ name: LaneName, depth: Int, isCounted: Bool
    ) async throws(VerificationError) -> LaneCheck? {
        let key = place.lane(member.dropFirst())
        let ids: [[UInt8]]
        var subscription: [UInt8]
        switch name {
        case .queue(let owner, _):
            subscription = owner
            ids = try await reader.read(Read.firstMembers(key, count: depth)).members
        case .retry(let id):
            ids = [id]
            let stored = StoredDelivery(try await reader.read(StoredDelivery.read(place.delivery(id))))
            subscription = stored?.subscription ?? []
        }
        let heads = ids.flatMap {
            [Read.score(place.flights(of: subscription), $0), StoredDelivery.read(place.delivery($0))]
        }
        let replies = try await reader.readAtOnce(
            [
                Read.time, Read.score(place.lanes, member), Read.count(key),
                Read.score(place.waitingLanes(of: subscription), member),
            ] + heads)
        guard let nowMs = replies[0].clockMs else { throw .unexpectedReply(to: "TIME") }
        guard !replies[2].isError, !replies[1].isError else { return nil }
        let count = replies[2].integer ?? 0
        return LaneCheck(
            place: place, member: member, name: name, dueMs: replies[1].score,
            count: isCounted ? count : min(count, Int64(ids.count)), isWaiting: replies[3].bytes != nil,
            heads: stride(from: 4, to: replies.count, by: 2).map {
                .init(
                    untilMs: replies[$0].score, delivery: StoredDelivery(replies[$0 + 1]),
                    isGone: StoredDelivery.isGone(replies[$0 + 1]))
            }, nowMs: nowMs, toleranceMs: options.laneToleranceMs)
    }
}
