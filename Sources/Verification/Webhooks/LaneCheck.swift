// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Judges one lane from what was read of it; pure.
struct LaneCheck {
    /// A delivery that is tried again is younger than this, ms: a worker ends what is older than a week at most, and no
    /// pause is longer than an hour.
    private static let retriedMs: Int64 = 12 * 86_400_000

    /// One of the first deliveries of a lane.
    struct Head {
        /// When its attempt's lease ends, ms; nil when none is under way.
        let untilMs: Int64?
        let delivery: StoredDelivery?
        let isGone: Bool
    }

    let place: ShardPlace
    let member: [UInt8]
    let name: LaneName
    /// When it is due, ms; nil when it is not among the lanes.
    let dueMs: Int64?
    /// How many deliveries it has.
    let count: Int64
    /// Whether it waits for the end of an attempt of its subscription.
    let isWaiting: Bool
    /// The first of its deliveries.
    let heads: [Head]
    let nowMs: Int64
    let toleranceMs: Int64

    /// What is wrong with it.
    func findings() -> [Finding] {
        guard let dueMs else {
            guard case .queue = name, count > 0 else { return [] }
            return [
                finding(.onePlace, expected: "among the lanes to be served", actual: "\(count) deliveries left out")
            ]
        }
        switch name {
        case .queue where count == 0:
            return [finding(.onePlace, expected: "a lane with deliveries", actual: "an empty one")]
        case .retry:
            // A worker that comes back after days finds deliveries whose life has ended.
            guard heads.first?.isGone != true else {
                if dueMs < nowMs - Self.retriedMs { return [] }
                return [finding(.onePlace, expected: "a delivery to be tried again", actual: "none")]
            }
        default: break
        }
        return isStuck(dueMs) ? [finding(.unstuck, expected: reason, actual: "due at \(dueMs)")] : []
    }

    private let reason = "due by now, or an attempt under way, a retry or a turn that it waits for"

    /// Whether it is due later than now for no reason. Of a very long lane not every delivery was read: then the reason
    /// may be one of the others.
    private func isStuck(_ dueMs: Int64) -> Bool {
        guard dueMs > nowMs + toleranceMs, !isWaiting else { return false }
        if case .queue = name, count > Int64(heads.count) { return false }
        return !heads.contains { head in
            (head.untilMs ?? 0) >= dueMs || (head.delivery?.state == .toRetry && (head.delivery?.nextMs ?? 0) >= dueMs)
        }
    }

    private var owner: [UInt8] {
        if let owner = heads.lazy.compactMap({ $0.delivery?.owner }).first { return owner }
        if case .queue(_, let tenant) = name { return tenant }
        return TenantID.system.bytes
    }

    private func finding(_ invariant: Invariant, expected: String, actual: String) -> Finding {
        Finding(
            invariant, owner, .lane(member), expected: expected, actual: actual,
            detail: "member \(printable(member)) of \(printable(place.lanes))")
    }
}
