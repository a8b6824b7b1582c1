// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Judges one delivery that is there, from what was read of it; pure.
struct DeliveryCheck {
    /// Deliveries younger than this are listed, ms: they are for 14 days, and the last of them is left for clocks that
    /// stepped.
    static let keptMs: Int64 = 13 * 86_400_000

    let place: ShardPlace
    let id: [UInt8]
    /// The replies of ``reads(_:id:_:)``.
    let replies: ArraySlice<RedisReply>
    let nowMs: Int64

    /// How many replies a check takes.
    static let width = 8

    /// What a check needs; whose a delivery is never changes.
    static func reads(_ place: ShardPlace, id: [UInt8], _ stored: StoredDelivery?) -> [RedisCommand] {
        let key = place.delivery(id)
        let subscription = stored?.subscription ?? []
        return [
            StoredDelivery.read(key), Read.life(key), Read.hasField(key, [UInt8]("body".utf8)),
            Read.score(place.deliveries(of: subscription), id), Read.score(place.lane(stored?.lane ?? []), id),
            Read.score(place.lanes, LaneName.member(retry: id)), Read.score(place.flights(of: subscription), id),
            Read.score(place.dead, id),
        ]
    }

    private func reply(_ index: Int) -> RedisReply { replies[replies.startIndex + index] }
    private var isInLane: Bool { reply(4).bytes != nil }
    private var isToRetry: Bool { reply(5).bytes != nil }
    private var isUnderWay: Bool { (reply(6).score ?? 0) > nowMs }
    private var isDead: Bool { reply(7).bytes != nil }

    /// What is wrong with it.
    func findings() -> [Finding] {
        if StoredDelivery.isGone(reply(0)) { return [] }
        guard let stored = StoredDelivery(reply(0)) else {
            return [
                finding(
                    .soundRecords, TenantID.system.bytes, expected: "a delivery's fields",
                    actual: reply(0).isError ? "a key of another type" : "unreadable ones")
            ]
        }
        var findings: [Finding] = []
        if reply(1).integer == -1 {
            findings.append(
                finding(.indexed, stored.owner, expected: "a delivery that ends after 14 days", actual: "no end"))
        }
        if !isListed(stored) {
            findings.append(
                finding(
                    .indexed, stored.owner, expected: "listed by its creation time \(stored.createdMs)",
                    actual: reply(3).bytes.map { "listed by \(printable($0))" } ?? "not listed",
                    detail: "key \(printable(place.deliveries(of: stored.subscription)))"))
        }
        if stored.isWaiting, reply(2).integer != 1 {
            findings.append(finding(.soundRecords, stored.owner, expected: "a body to send", actual: "none"))
        }
        if let expected = misplaced(stored) {
            findings.append(finding(.onePlace, stored.owner, expected: expected, actual: places))
        }
        return findings
    }

    /// Old deliveries leave the list as new ones come.
    private func isListed(_ stored: StoredDelivery) -> Bool {
        guard let score = reply(3).score else { return stored.createdMs < nowMs - Self.keptMs }
        return score == stored.createdMs
    }

    /// Where it should be, when it is not just there.
    private func misplaced(_ stored: StoredDelivery) -> String? {
        switch stored.state {
        case .pending:
            if isInLane, !isToRetry, !isDead, stored.isLeased || !isUnderWay { return nil }
            return "pending: in its lane alone\(leaseText(stored))"
        case .toRetry:
            if isInLane != isToRetry, !isDead, stored.isLeased || !isUnderWay { return nil }
            return "to be tried again: in its lane or a lane of its own\(leaseText(stored))"
        case .delivered:
            return isInLane || isToRetry || isDead || isUnderWay ? "delivered: in no other place" : nil
        case .failed:
            // What is ended while an attempt is under way keeps that attempt's place until its lease ends.
            let isOld = stored.createdMs < nowMs - Self.keptMs || stored.isProbe
            if !isInLane, !isToRetry, reply(7).score == stored.doneMs || (isOld && !isDead) { return nil }
            return "failed: among the dead by \(stored.doneMs.map { "\($0)" } ?? "a time") alone"
        }
    }

    private func leaseText(_ stored: StoredDelivery) -> String { stored.isLeased ? "" : ", and not under way" }

    /// Where it is.
    private var places: String {
        let all = [
            (isInLane, "in its lane"), (isToRetry, "in a lane of its own"), (isUnderWay, "under way"),
            (isDead, "among the dead by \(reply(7).bytes.map { printable($0) } ?? "")"),
        ]
        let names = all.filter(\.0).map(\.1)
        return names.isEmpty ? "nowhere" : names.joined(separator: ", ")
    }

    private func finding(
        _ invariant: Invariant, _ owner: [UInt8], expected: String, actual: String, detail: String? = nil
    ) -> Finding {
        Finding(
            invariant, owner, .delivery(id), expected: expected, actual: actual,
            detail: detail ?? "key \(printable(place.delivery(id)))")
    }
}
