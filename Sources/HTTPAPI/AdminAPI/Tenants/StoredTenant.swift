// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// A tenant as it is stored and as answers show it (admin digest 1.1).
struct StoredTenant: ListedRow {
    let tenant: TenantID
    var status: TenantStatus
    var name: [UInt8]
    var terms: TenantTerms
    var createdMs: Int64
    var updatedMs: Int64
    /// While it is suspended, or was when it was closed.
    var suspendedMs: Int64?
    var closedMs: Int64?
    /// Name and terms as stored, by which a change knows that nothing came between.
    private(set) var storedName: [UInt8]
    private(set) var storedTerms: [UInt8]

    var id: [UInt8] { tenant.bytes }

    /// A tenant just made.
    init(new tenant: TenantID, name: [UInt8], terms: TenantTerms, createdMs: Int64) {
        self.tenant = tenant
        status = .active
        self.name = name
        self.terms = terms
        self.createdMs = createdMs
        updatedMs = createdMs
        storedName = Self.quoted(name)
        storedTerms = terms.json
    }

    /// Reads a script's reply from field `index` on: status letter, name, terms, created_ms, updated_ms, suspended_ms,
    /// closed_ms.
    init(_ tenant: TenantID, _ reply: ScriptReply, at index: Int) throws(ScriptFault) {
        storedName = try reply.bytes(index + 1)
        storedTerms = try reply.bytes(index + 2)
        guard let status = try reply.bytes(index).first.flatMap(TenantStatus.init(rawValue:)),
            let name = try? JSONDocument.parse(storedName).root.stringBytes(),
            let terms = TenantTerms(stored: storedTerms)
        else { throw reply.malformed("tenant profile") }
        self.tenant = tenant
        self.status = status
        self.name = name
        self.terms = terms
        createdMs = try reply.int(index + 3)
        updatedMs = try reply.int(index + 4)
        suspendedMs = try Self.time(reply, at: index + 5)
        closedMs = try Self.time(reply, at: index + 6)
    }

    /// A time that may be empty.
    static func time(_ reply: ScriptReply, at index: Int) throws(ScriptFault) -> Int64? {
        try reply.bytes(index).isEmpty ? nil : try reply.int(index)
    }

    /// JSON text of a string, always spelled alike.
    static func quoted(_ text: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: text.count + 2)
        writer.string(text)
        return writer.finish()
    }

    /// The body of an answer about it.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.finish()
    }

    /// Writes it as an object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("tenant_id")
        writer.string(tenant.bytes)
        writer.key("name")
        writer.string(name)
        writer.key("status")
        writer.string(status.word)
        terms.writeMembers(to: &writer)
        writer.dateTime("created_at", createdMs)
        writer.dateTime("updated_at", updatedMs)
        if let suspendedMs { writer.dateTime("suspended_at", suspendedMs) }
        if let closedMs { writer.dateTime("closed_at", closedMs) }
        writer.endObject()
    }
}

/// A tenant's status by its word.
enum TenantStatusWord: String, CaseIterable {
    case active = "ACTIVE"
    case suspended = "SUSPENDED"
    case closed = "CLOSED"

    var status: TenantStatus {
        switch self {
        case .active: .active
        case .suspended: .suspended
        case .closed: .closed
        }
    }
}

extension Endpoint.Input {
    /// The tenant that the path names; 404 for what cannot be one's id.
    func pathTenant() throws(APIError) -> TenantID {
        guard let tenant = request.parameters.first.flatMap({ TenantID($0) }) else { throw AdminRefusals.noTenant }
        return tenant
    }
}
