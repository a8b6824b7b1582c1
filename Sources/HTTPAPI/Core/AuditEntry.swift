// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// Who an admin operation is put down to (admin digest 1.9, 4.1).
enum AdminActor: Sendable {
    /// The operator, with the operator's own things.
    case admin
    /// The operator, with what tenants do for themselves otherwise.
    case adminOnBehalf
    /// A tenant's API key.
    case apiKey([UInt8])
    /// Somebody whose key is good for nothing.
    case stranger

    /// Of an operation that both may do.
    init(of caller: Caller) {
        self = caller.principal.map { .apiKey($0.keyID) } ?? .adminOnBehalf
    }

    fileprivate var word: StaticString {
        switch self {
        case .admin: "admin"
        case .adminOnBehalf: "admin_on_behalf_of"
        case .apiKey, .stranger: "api_key"
        }
    }

    fileprivate var keyID: [UInt8]? {
        if case .apiKey(let id) = self { return id }
        return nil
    }
}

/// What an operation leaves in the audit log. The script that does the work adds time and tenant, and writes it with
/// its effect. Of the request's headers only the User-Agent is in it: the others hold keys.
struct AuditEntry {
    /// The operation's name.
    let operation: StaticString
    /// The answer's status when the work is done.
    let status: HTTPResponse.Status
    let actor: AdminActor
    /// `tenant`, `api_key` or `budget`.
    let resourceType: StaticString
    let resourceID: [UInt8]

    /// The entry as JSON; `details` writes further members.
    func json(_ request: APIRequest, details: (inout JSONWriter) -> Void = { _ in }) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("operation")
        writer.string(operation)
        writer.key("status")
        writer.int(Int64(status.code))
        writer.key("actor_type")
        writer.string(actor.word)
        if let keyID = actor.keyID {
            writer.key("key_id")
            writer.string(keyID)
        }
        writer.key("resource_type")
        writer.string(resourceType)
        writer.key("resource_id")
        writer.string(resourceID)
        writer.correlation(request.correlation)
        if let agent = request.headers[.userAgent] {
            writer.key("user_agent")
            writer.string(String(String.UnicodeScalarView(agent.unicodeScalars.prefix(Limits.userAgentCharactersMax))))
        }
        details(&writer)
        writer.endObject()
        return writer.finish()
    }
}

/// Where an event comes from: the request and who made it. Stored with the event; the relay puts it into the envelope.
enum EventContext {
    /// The context of events about a tenant's reservations of resources; empty where nobody wants them.
    static func ofResources(_ correlation: Correlation, _ principal: Principal) -> [UInt8] {
        principal.wantsResourceEvents ? json(correlation, .apiKey(principal.keyID)) : []
    }

    /// What the scripts of budgets are told: thresholds, and the context of a tenant's own request.
    static func telling(_ request: APIRequest, _ principal: Principal) -> [UInt8] {
        principal.hooks.line + json(request, .apiKey(principal.keyID))
    }

    /// The context as JSON; `correlationID` is for events that belong together (admin digest 4.4).
    static func json(_ request: APIRequest, _ actor: AdminActor, correlationID: [UInt8]? = nil) -> [UInt8] {
        json(request.correlation, actor, correlationID: correlationID)
    }

    private static func json(_ correlation: Correlation, _ actor: AdminActor, correlationID: [UInt8]? = nil) -> [UInt8]
    {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.correlation(correlation)
        if let correlationID {
            writer.key("correlation_id")
            writer.string(correlationID)
        }
        writer.key("trace_flags")
        writer.string(correlation.traceFlags)
        writer.key("traceparent_inbound_valid")
        writer.bool(correlation.hasInboundTraceparent)
        writer.key("actor")
        writer.actor(actor)
        writer.endObject()
        return writer.finish()
    }
}

extension JSONWriter {
    /// Who did something, as events have it.
    mutating func actor(_ actor: AdminActor) {
        beginObject()
        key("type")
        string(actor.word)
        if let keyID = actor.keyID {
            key("key_id")
            string(keyID)
        }
        endObject()
    }

    /// The ids that lead from an entry or event back to the request.
    fileprivate mutating func correlation(_ correlation: Correlation) {
        key("request_id")
        string(correlation.requestID)
        key("trace_id")
        string(correlation.traceID)
    }
}
