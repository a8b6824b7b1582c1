// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// 429 of the Reservation API, in its documented shape (digest section 4): a quota of the tenant is used up, and
/// nothing was changed.
struct QuotaRefusal: Sendable {
    /// Which quota.
    enum Kind: String, Sendable {
        case operationsPerMinute = "OPS_PER_MINUTE"
        case operationsPerDay = "OPS_PER_DAY"
        case concurrentReservations = "CONCURRENT_RESERVATIONS"
        case eventStreams = "SSE_CONNECTIONS"
    }

    /// There are no tiers: quotas are set tenant by tenant.
    private static let tier: StaticString = "default"
    /// Wait for a reservation to end that has no end, or a far one, seconds.
    private static let endWaitMax: Int64 = 60

    let kind: Kind
    let limit: Int64
    /// Seconds until another attempt makes sense, 1 or more.
    let retryAfter: Int64

    /// A used up quota.
    init(_ kind: Kind, limit: Int64, retryAfter: Int64) {
        self.kind = kind
        self.limit = limit
        self.retryAfter = max(1, retryAfter)
    }

    /// The limit of event streams is reached; the first place is lost at that time unless its stream lives on.
    init(eventStreams limit: Int64, tillMs: Int64?, nowMs: Int64) {
        let wait = tillMs.map { ($0 - nowMs) / 1_000 + 1 } ?? Self.endWaitMax
        self.init(.eventStreams, limit: limit, retryAfter: min(wait, Self.endWaitMax))
    }

    /// The limit of concurrent reservations is reached.
    init(_ met: ConcurrencyLimit, limit: Int64, nowMs: Int64) {
        let end = met.firstEndMs ?? .max
        let wait = end > nowMs ? (end - nowMs) / 1_000 + 1 : 1
        self.init(.concurrentReservations, limit: limit, retryAfter: min(wait, Self.endWaitMax))
    }

    private var explanation: String {
        switch kind {
        case .operationsPerMinute: "the limit of \(limit) operations a minute is reached"
        case .operationsPerDay: "the limit of \(limit) operations a day is reached; it starts afresh at midnight UTC"
        case .eventStreams: "the limit of \(limit) event streams at once is reached"
        case .concurrentReservations: "the limit of \(limit) concurrent reservations is reached"
        }
    }

    /// The answer; `retryAfter` in body and header are the same.
    func response(_ correlation: Correlation) -> APIResponse {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("error")
        writer.string(explanation)
        writer.key("code")
        writer.string("LIMIT_EXCEEDED")
        writer.key("requestId")
        writer.string(correlation.requestID)
        writer.key("tier")
        writer.string(Self.tier)
        writer.key("limit")
        writer.int(limit)
        writer.key("limitType")
        writer.string(kind.rawValue)
        writer.key("retryAfter")
        writer.int(retryAfter)
        writer.key("upgradeRequired")
        writer.bool(true)
        writer.endObject()
        var response = APIResponse.json(
            writer.finish(), status: .tooManyRequests, headers: [.retryAfter: "\(retryAfter)"])
        response.errorCode = "LIMIT_EXCEEDED"
        return response
    }
}
