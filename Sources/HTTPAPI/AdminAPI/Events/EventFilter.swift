// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import SharedKernel
internal import StrictJSON

/// Which events are wanted (admin digest 1.8).
struct EventFilter: Sendable {
    /// Whose events.
    enum Log: Sendable {
        case everybody
        case one(TenantID)
        /// Of a name that no tenant can have: nobody's.
        case nobody
    }

    let log: Log
    /// Whose API key asks; nil for the operator.
    let principal: Principal?
    /// Types, and beginnings of types up to the point and with it; nil for all, empty for none.
    let types: [[UInt8]]?
    private let scope, correlationID, traceID, requestID: [UInt8]?
    /// Sequence numbers wanted, µs since 1970.
    let fromUs, untilUs: Int64?
    /// Every filter as text, for cursors to be bound to.
    let texts: [[UInt8]?]

    /// Reads the filters of a query. A tenant's key sees its own tenant, and what tenants see.
    init(_ request: APIRequest, _ principal: Principal?) throws {
        self.principal = principal
        let tenant = principal == nil ? try request.queryValue("tenant_id") : nil
        log = principal.map { .one($0.tenant) } ?? Self.log(tenant)
        let type = try Self.type(request, principal)
        let category = try request.queryChoice("category", EventCategory.self)
        if principal != nil, category?.isForTenants == false {
            throw APIError.invalid("category: is for operators alone; budget, reservation and tenant are open")
        }
        types = Self.types(type, category, principal)
        scope = try request.queryText("scope", charactersMax: Limits.scopePrefixCharactersMax)
        correlationID = try request.queryText("correlation_id", charactersMax: Limits.correlationCharactersMax)
        requestID = try request.queryText("request_id", charactersMax: Limits.correlationCharactersMax)
        traceID = try request.queryValue("trace_id")
        if let traceID, traceID.count != 32 || !traceID.allSatisfy(Self.isHexDigit) {
            throw APIError.invalid("trace_id: must be 32 digits of 0-9 a-f")
        }
        fromUs = try request.queryFromUs()
        untilUs = try request.queryUntilUs()
        texts = [
            principal?.tenant.bytes ?? tenant, type?.text, category.map { [UInt8]($0.rawValue.utf8) }, scope,
            correlationID, traceID, requestID, fromUs.map { [UInt8](String($0).utf8) },
            untilUs.map { [UInt8](String($0).utf8) },
        ]
    }

    private static func log(_ tenant: [UInt8]?) -> Log {
        guard let tenant else { return .everybody }
        // The published description of events says system, that of the admin plane __system__.
        if tenant == TenantID.system.bytes || tenant.elementsEqual("system".utf8) { return .one(.system) }
        return TenantID(tenant).map { .one($0) } ?? .nobody
    }

    private static func type(_ request: APIRequest, _ principal: Principal?) throws -> EventType? {
        guard let text = try request.queryValue("event_type") else { return nil }
        guard let type = EventType(text) else {
            throw APIError.invalid("event_type: is neither a type of the protocol nor a custom one")
        }
        if principal != nil, !type.isForTenants {
            throw APIError.invalid("event_type: is for operators alone")
        }
        return type
    }

    private static func types(
        _ type: EventType?, _ category: EventCategory?, _ principal: Principal?
    ) -> [[UInt8]]? {
        if let type { return category == nil || category == type.category ? [type.text] : [] }
        if let category { return beginnings(of: category) }
        guard principal != nil else { return nil }
        return EventCategory.allCases.filter(\.isForTenants).flatMap(beginnings)
    }

    /// Custom types count as reservations.
    private static func beginnings(of category: EventCategory) -> [[UInt8]] {
        let own = [UInt8]((category.rawValue + ".").utf8)
        return category == .reservation ? [own, [UInt8]("custom.".utf8)] : [own]
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

    /// Whether an event is wanted; the types were compared by the store.
    func wants(_ event: StoredEvent) -> Bool {
        Self.equal(correlationID, event.correlationID) && Self.equal(traceID, event.traceID)
            && Self.equal(requestID, event.requestID)
            && (scope.map { event.scope?.starts(with: $0) ?? false } ?? true) && isVisible(event)
    }

    /// Whether the caller's key may touch what it is about: for an event without a scope, the tenant.
    private func isVisible(_ event: StoredEvent) -> Bool {
        guard let principal else { return true }
        guard event.tenant == principal.tenant, event.type.isForTenants else { return false }
        return principal.mayTouch(event.scope ?? [UInt8]("tenant:".utf8) + event.tenant.bytes)
    }

    private static func equal(_ wanted: [UInt8]?, _ found: [UInt8]?) -> Bool { wanted.map { $0 == found } ?? true }
}
