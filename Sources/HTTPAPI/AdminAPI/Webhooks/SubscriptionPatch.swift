// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HTTPTypes
internal import Observability
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// The members of a subscription that its owner writes, by their words in events.
enum SubscriptionField: String, CaseIterable, Sendable {
    case url
    case eventTypes = "event_types"
    case eventCategories = "event_categories"
    case name, description
    case scopeFilter = "scope_filter"
    case thresholds
    case signingSecret = "signing_secret"
    case headers
    case retryPolicy = "retry_policy"
    case disableAfterFailures = "disable_after_failures"
    case metadata, ordering
}

/// What a body asks for, checked by itself; nil for what it does not name.
struct SubscriptionPatch: Sendable {
    private(set) var url: [UInt8]?
    private var types: [[UInt8]]?
    private var categories: [[UInt8]]?
    private var name: [UInt8]?
    private var description: [UInt8]?
    private var scopeFilter: [UInt8]?
    private var thresholds: AlertThresholds?
    private(set) var signingSecret: SecretBytes?
    private(set) var headers: [WebhookSecret.Header]?
    private var retryPolicy: RetryPolicy?
    private var disableAfterFailures: Int64?
    private var metadata: JSONValue?
    private var isStrictlyOrdered: Bool?
    private(set) var status: SubscriptionStatus?

    private enum Ordering: String, CaseIterable {
        case strict, `default`
    }

    private enum Status: String, CaseIterable {
        case active = "ACTIVE"
        case paused = "PAUSED"
    }

    /// Reads a body. That of a new subscription needs URL and types, and has no status.
    init(_ request: APIRequest, isNew: Bool) throws {
        var fields = try JSONFields(try request.document().root)
        url = try fields.optionalString("url", characters: Limits.webhookURLCharacters)
        if isNew, url == nil { throw fields.fieldError("url", "is required") }
        types = try Self.types(&fields, isNew: isNew)
        categories = try Self.categories(&fields)
        name = try fields.optionalString("name", characters: 0...Limits.nameCharacters.upperBound)
        description = try fields.optionalString("description", characters: Limits.descriptionCharacters)
        scopeFilter = try fields.optionalString("scope_filter", characters: 0...Limits.scopeCharacters.upperBound)
        if let value = try fields.optionalObject("thresholds") { thresholds = try AlertThresholds(value) }
        signingSecret = try fields.optionalString("signing_secret", characters: Limits.signingSecretCharacters)
            .map { SecretBytes($0) }
        headers = try fields.optionalObject("headers").map(CustomHeaders.read)
        if let value = try fields.optionalObject("retry_policy") { retryPolicy = try RetryPolicy(value) }
        disableAfterFailures = try fields.optionalInt64("disable_after_failures", in: 1...Int64.max)
        metadata = try AdminSchemas.metadata(&fields)
        isStrictlyOrdered = try fields.optionalEnum("ordering", Ordering.self).map { $0 == .strict }
        if !isNew, let word = try fields.optionalEnum("status", Status.self) {
            status = word == .active ? .active : .paused
        }
        try fields.finish()
    }

    private static func types(_ fields: inout JSONFields, isNew: Bool) throws(FieldError) -> [[UInt8]]? {
        let count = (isNew ? 1 : 0)...Limits.eventTypesNamed
        guard
            let words = try isNew
                ? fields.requiredArray("event_types", count: count)
                : fields.optionalArray("event_types", count: count)
        else { return nil }
        var types: [[UInt8]] = []
        for word in words {
            let text = try word.checkedString(characters: 1...128)
            guard EventType(text) != nil else { throw word.fieldError("is no type of events") }
            if !types.contains(text) { types.append(text) }
        }
        return types
    }

    private static func categories(_ fields: inout JSONFields) throws(FieldError) -> [[UInt8]]? {
        let count = 0...Limits.eventCategoriesNamed
        guard let words = try fields.optionalArray("event_categories", count: count) else { return nil }
        var categories: [[UInt8]] = []
        for word in words {
            let text = [UInt8](try word.checkedEnum(EventCategory.self).rawValue.utf8)
            if !categories.contains(text) { categories.append(text) }
        }
        return categories
    }

    /// Whether secrets are written.
    var writesSecrets: Bool { signingSecret != nil || headers != nil }

    /// The terms of a new subscription.
    var fresh: SubscriptionTerms {
        var terms = SubscriptionTerms(url: url ?? [], selectors: EventSelectors(types: [], categories: []))
        apply(to: &terms)
        return terms
    }

    /// Puts what is named in the place of what is there.
    func apply(to terms: inout SubscriptionTerms) {
        if let url { terms.url = url }
        if let types { terms.selectors.types = types }
        if let categories { terms.selectors.categories = categories }
        if let name { terms.name = name }
        if let description { terms.description = description }
        if let scopeFilter { terms.selectors.scopeFilter = scopeFilter }
        if let thresholds { terms.thresholds = thresholds }
        if let headers { terms.headerNames = headers.map(\.name) }
        if let retryPolicy { terms.retryPolicy = retryPolicy }
        if let disableAfterFailures { terms.disableAfterFailures = disableAfterFailures }
        if let metadata, !AdminSchemas.isSame(metadata, stored: terms.metadata) { terms.metadata = Array(metadata.raw) }
        if let isStrictlyOrdered { terms.isStrictlyOrdered = isStrictlyOrdered }
    }
}

extension SubscriptionTerms {
    /// The fields in which these terms differ from others. Types and categories are sets: another order is no change.
    func changes(from old: SubscriptionTerms) -> [SubscriptionField] {
        var changed: [SubscriptionField] = []
        if url != old.url { changed.append(.url) }
        if Set(selectors.types) != Set(old.selectors.types) { changed.append(.eventTypes) }
        if Set(selectors.categories) != Set(old.selectors.categories) { changed.append(.eventCategories) }
        if name != old.name { changed.append(.name) }
        if description != old.description { changed.append(.description) }
        if selectors.scopeFilter != old.selectors.scopeFilter { changed.append(.scopeFilter) }
        if thresholds != old.thresholds { changed.append(.thresholds) }
        if retryPolicy != old.retryPolicy { changed.append(.retryPolicy) }
        if disableAfterFailures != old.disableAfterFailures { changed.append(.disableAfterFailures) }
        if metadata != old.metadata { changed.append(.metadata) }
        if isStrictlyOrdered != old.isStrictlyOrdered { changed.append(.ordering) }
        return changed
    }

    /// Checks what must hold of every stored subscription, whatever was changed (admin digest 5.3).
    func checkInvariants(owner: TenantID) throws(APIError) {
        if selectors.isEmpty {
            throw .invalid("event_types: a subscription must have at least one event type or category")
        }
        if owner != .system, let word = selectors.operatorsOnly {
            throw .invalid(
                "event_types: a tenant's subscription may have events of budget, reservation and tenant alone, not "
                    + String(decoding: word, as: UTF8.self))
        }
    }
}

/// Custom headers of deliveries.
private enum CustomHeaders {
    /// Names that HTTP, the protocol or the signature are in charge of.
    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "keep-alive",
        "te", "trailer", "upgrade", "expect", "user-agent", "traceparent", "tracestate", "x-request-id",
    ]
    private static let reservedPrefixes = ["x-cycles-", "webhook-", "proxy-"]

    static func read(_ value: JSONValue) throws(FieldError) -> [WebhookSecret.Header] {
        guard value.count <= Limits.webhookHeadersMax else {
            throw value.fieldError("must have at most \(Limits.webhookHeadersMax) entries")
        }
        var headers: [WebhookSecret.Header] = []
        var names: Set<String> = []
        for member in value.members {
            let name = member.key.stringBytes() ?? []
            guard (1...Limits.webhookHeaderNameBytesMax).contains(name.count), name.allSatisfy(isToken) else {
                throw member.key.fieldError("is not the name of a header")
            }
            let folded = String(decoding: name, as: UTF8.self).lowercased()
            guard !reserved.contains(folded), !reservedPrefixes.contains(where: folded.hasPrefix) else {
                throw member.key.fieldError("is a header that cannot be set")
            }
            guard names.insert(folded).inserted else { throw member.key.fieldError("is given twice") }
            let text = try member.value.checkedString(characters: 0...Limits.webhookHeaderValueBytesMax)
            guard text.allSatisfy({ (32...126).contains($0) }), text.first != 32, text.last != 32 else {
                throw member.value.fieldError("must be visible ASCII characters, with spaces between them alone")
            }
            headers.append(WebhookSecret.Header(name: name, value: SecretBytes(text)))
        }
        guard value.raw.count <= Limits.webhookHeadersBytesMax else {
            throw value.fieldError("must be at most \(Limits.webhookHeadersBytesMax) bytes of JSON")
        }
        return headers
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
