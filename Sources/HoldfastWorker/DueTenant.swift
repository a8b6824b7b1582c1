// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import LuaCatalog
internal import Reservations
internal import SharedKernel

/// A tenant with something to expire, or to end because it is closed, as a shard's due index names it: a kind letter
/// and the tenant.
struct DueTenant: Sendable {
    /// What is due.
    enum Kind: UInt8, CaseIterable, Sendable {
        case budgetReservations = 98
        case locks = 108
        case closing = 99
        case denials = 100
        case keys = 107
        case burnRates = 114
        case eventStreams = 101

        /// The value of the label `kind` of metrics.
        var label: String {
            switch self {
            case .budgetReservations: "budget_reservation"
            case .locks: "lock"
            case .closing: "closing"
            case .denials: "denial"
            case .keys: "api_key"
            case .burnRates: "burn_rate"
            case .eventStreams: "event_stream"
            }
        }
    }

    let kind: Kind
    let tenant: TenantID

    /// Reads a member of the index; nil when it is none.
    init?(member: [UInt8]) {
        guard let letter = member.first, let kind = Kind(rawValue: letter), let tenant = TenantID(member.dropFirst())
        else { return nil }
        self.kind = kind
        self.tenant = tenant
    }

    /// One call that ends what is due, a bounded number.
    func expireCall(_ keyspace: Keyspace, keepMs: Int64) -> ScriptCall {
        switch kind {
        case .budgetReservations: Expire(keys: keyspace.keys(of: tenant), keepMs: keepMs).call
        case .locks: ExpireHolds(keys: keyspace.keys(of: tenant)).call
        case .denials: TellDenials(keys: keyspace.keys(of: tenant)).call
        case .keys:
            expireKeys(keyspace)
        case .burnRates: ScriptCall(.budgetBurnRates, keys: keyspace.keys(of: tenant))
        case .closing: CloseStep(keys: keyspace.keys(of: tenant), keepMs: keepMs).call
        case .eventStreams: EndEventStreams(keys: keyspace.keys(of: tenant)).call
        }
    }
}

extension DueTenant {
    private func expireKeys(_ keyspace: Keyspace) -> ScriptCall {
        var call = ScriptCall(.adminExpireKeys, keys: keyspace.keys(of: tenant))
        call.append(decimal: Int64(Limits.closeBatchMax))
        return call
    }
}

/// What such a call did; all kinds answer alike.
struct SweptBatch: Sendable {
    let ended: Int64
    /// Set aside for a minute, because a record is corrupt.
    let setAside: Int64
    let hasMore: Bool

    /// Reads the reply.
    init(_ reply: ScriptReply) throws(ScriptFault) {
        guard reply.isWord("EXPIRED") || reply.isWord("STEP") else { throw reply.malformed("word") }
        ended = try reply.int(0)
        setAside = try reply.int(1)
        hasMore = try reply.int(2) == 1
    }
}
