// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/tenants/bulk-action` (admin digest 1.10): suspends, reactivates or closes the tenants of a filter.
enum BulkTenants {
    static let endpoint = Endpoint(
        "bulkActionTenants", .post, "/v1/admin/tenants/bulk-action", surface: .admin, access: .admin,
        plan: { input in planning { BulkRun(try TenantBulkWork(input)).step } })
}

/// What is done with the tenants.
enum TenantBulkAction: String, CaseIterable {
    case suspend = "SUSPEND"
    case reactivate = "REACTIVATE"
    case close = "CLOSE"

    fileprivate var target: TenantStatus {
        switch self {
        case .suspend: .suspended
        case .reactivate: .active
        case .close: .closed
        }
    }
}

/// Whether a tenant's quotas of actions are only watched: a mode of an extension that this server lacks, so that every
/// tenant has the usual one.
private enum ObserveMode: String, CaseIterable {
    case disabled = "DISABLED"
    case observe = "OBSERVE"
    case enforce = "ENFORCE"

    static let usual = ObserveMode.enforce
}

/// The action over tenants.
private struct TenantBulkWork: BulkWork {
    static let operation: StaticString = "bulkActionTenants"
    static let resourceType: StaticString = "tenant"
    static let correlationWord: StaticString = "tenant_bulk_action"

    let input: Endpoint.Input
    let request: BulkRequest<TenantBulkAction>
    private let status: TenantStatus?
    private let parent: [UInt8]?
    private let observeMode: ObserveMode?
    private let search: [UInt8]?
    /// As sent.
    private let filter: [UInt8]

    init(_ input: Endpoint.Input) throws {
        self.input = input
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let filter = try fields.requiredObject("filter")
        var criteria = try JSONFields(filter)
        status = try criteria.optionalEnum("status", TenantStatusWord.self)?.status
        parent = try criteria.optionalString("parent_tenant_id", characters: Limits.tenantIDCharacters)
        search = try criteria.optionalSearch()
        observeMode = try criteria.optionalEnum("observe_mode", ObserveMode.self)
        try criteria.finish()
        request = try BulkRequest(&fields, of: document.root, input.request)
        try fields.finish()
        guard status != nil || parent != nil || observeMode != nil || search != nil else {
            throw APIError.invalid("filter: must name status, parent_tenant_id, observe_mode or search")
        }
        self.filter = Array(filter.raw)
    }

    /// The operator's own log: the tenants are many.
    var auditKeys: [[UInt8]] { BulkAudit.operatorKeys }

    func writeDetails(to writer: inout JSONWriter) {
        writer.key("filter")
        writer.raw(filter)
    }

    func id(of row: BulkRow) -> [UInt8] { row.place }

    // MARK: Finding

    func match(
        found: @escaping @Sendable (BulkMatch) -> Step, refuse: @escaping @Sendable (APIError) -> Step
    ) -> Step {
        // No tenant has another mode.
        if let observeMode, observeMode != .usual { return found(BulkMatch()) }
        return scan(Progress(shards: input.installation.keyspace.shards[...]), found)
    }

    /// How far the search is.
    private struct Progress: Sendable {
        var shards: ArraySlice<Shard>
        var place = ShardPlace()
        var match = BulkMatch()
    }

    private func scan(_ progress: Progress, _ found: @escaping @Sendable (BulkMatch) -> Step) -> Step {
        guard let shard = progress.shards.first else { return found(progress.match) }
        var call = ScriptCall(.adminListTenants, keys: [shard.prefix])
        progress.place.append(to: &call, isDescending: false)
        call.append(decimal: Limits.listedRowsPerCall)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("ROWS") else { throw reply.malformed("word") }
            var progress = progress
            for field in stride(from: 2, to: reply.count, by: 9) {
                progress.place.pass(try reply.int(field))
                // One that cannot be read is no match, as it is no row of the list.
                guard let id = TenantID(try reply.bytes(field + 1)),
                    let tenant = try? StoredTenant(id, reply, at: field + 2), accepts(tenant)
                else { continue }
                progress.match.add(BulkRow(place: tenant.id, mark: tenant.status.rawValue))
            }
            if try reply.int(0) == 0 || reply.count == 2 {
                progress.shards = progress.shards.dropFirst()
                progress.place = ShardPlace()
            }
            return scan(progress, found)
        }
    }

    private func accepts(_ tenant: StoredTenant) -> Bool {
        if let status, tenant.status != status { return false }
        if let parent, tenant.terms.parent != parent { return false }
        guard let search else { return true }
        return [tenant.id, tenant.name].contains { text in
            [UInt8](String(decoding: text, as: UTF8.self).lowercased().utf8).firstRange(of: search) != nil
        }
    }

    // MARK: Changing

    func foregone(_ row: BulkRow) -> BulkOutcome? {
        let target = request.action.target
        if row.mark == target.rawValue { return .already }
        if row.mark == TenantStatus.closed.rawValue { return .invalid("the tenant is CLOSED, which is for good") }
        return nil
    }

    func apply(_ row: BulkRow, _ pass: BulkPass, done: @escaping @Sendable (BulkOutcome) -> Step) -> Step {
        guard let tenant = TenantID(row.place) else { return done(.notFound) }
        let call = ScriptCall(.adminGetTenant, keys: input.installation.keyspace.keys(of: tenant))
        return .call(call, otherwise: { afterFault($0, done: done) }) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return done(.notFound) }
            guard reply.isWord("TENANT") else { throw reply.malformed("word") }
            return change(
                try StoredTenant(tenant, reply, at: 0), pass, attemptsLeft: Limits.changeAttemptsMax, done)
        }
    }

    private func change(
        _ tenant: StoredTenant, _ pass: BulkPass, attemptsLeft: Int, _ done: @escaping @Sendable (BulkOutcome) -> Step
    ) -> Step {
        let target = request.action.target
        // It was not when it was found: a request that was cut off has changed it, or somebody else just did.
        if tenant.status == target { return pass.isResumed ? conclude(tenant, done) : done(.already) }
        if tenant.status == .closed { return done(.invalid("the tenant is CLOSED, which is for good")) }
        let patch = UpdateTenant.Patch(name: nil, status: target, settings: TenantSettings())
        let change = UpdateTenant.Change(patch, of: tenant)
        let context = EventContext.json(input.request, .admin, correlationID: pass.correlationID)
        let call = UpdateTenant.call(change, UpdateTenant.Trail(auditEntry: [], context: context), input)
        return .call(call, otherwise: { afterFault($0, done: done) }) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return done(.notFound) }
            if reply.isWord("CLOSED") { return done(.invalid("the tenant is CLOSED, which is for good")) }
            if reply.isWord("CHANGED") {
                let now = try StoredTenant(tenant.tenant, reply, at: 0)
                guard attemptsLeft > 1 else { return done(.fault) }
                return self.change(now, pass, attemptsLeft: attemptsLeft - 1, done)
            }
            guard reply.isWord("UPDATED") else { throw reply.malformed("word") }
            return conclude(change.after, done)
        }
    }

    /// Closing goes on after the answer: one step of it here, which ends a small tenant's things, the rest by a worker.
    private func conclude(_ tenant: StoredTenant, _ done: @escaping @Sendable (BulkOutcome) -> Step) -> Step {
        guard tenant.status == .closed else { return done(.succeeded) }
        let installation = input.installation
        let close = CloseStep(keys: installation.keyspace.keys(of: tenant.tenant), keepMs: installation.keepMs)
        return .call(close.call, otherwise: { afterFault($0, done: done) }) { reply throws(ScriptFault) in
            let failed = try close.progress(reply).failed.count
            guard failed > 0 else { return done(.succeeded) }
            return done(
                .failed(
                    code: "INTERNAL_ERROR",
                    message: "the tenant is closed, but \(failed) of its records are corrupt and were left as they are")
            )
        }
    }
}

/// Where the audit entries of bulk actions go that are not about one tenant.
enum BulkAudit {
    static var operatorKeys: [[UInt8]] {
        let shard = Shard(number: 0)
        return [shard.prefix, Keyspace.journal("__admin__", in: shard)]
    }
}

extension ShardPlace {
    /// Steps over a row of this time.
    mutating func pass(_ at: Int64) {
        offset = at == fromMs ? offset + 1 : 1
        fromMs = at
    }
}

extension JSONFields {
    /// `search` in lower case; nil when absent or empty.
    mutating func optionalSearch() throws(FieldError) -> [UInt8]? {
        guard let text = try optionalString("search", characters: 0...Limits.searchCharactersMax), !text.isEmpty else {
            return nil
        }
        return [UInt8](String(decoding: text, as: UTF8.self).lowercased().utf8)
    }
}
