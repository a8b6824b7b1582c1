// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// One kind of bulk action: what it finds and what it does with a row.
protocol BulkWork: Sendable {
    associatedtype Action: RawRepresentable<String> & CaseIterable & Sendable

    /// The operation's name.
    static var operation: StaticString { get }
    /// Of the audit entry.
    static var resourceType: StaticString { get }
    /// Beginning of the correlation id (admin digest 4.4).
    static var correlationWord: StaticString { get }

    var input: Endpoint.Input { get }
    var request: BulkRequest<Action> { get }
    /// Where the audit entry goes: KEYS of its script.
    var auditKeys: [[UInt8]] { get }

    /// Finds the rows. `refuse` ends the action with nothing changed.
    func match(
        found: @escaping @Sendable (BulkMatch) -> Step, refuse: @escaping @Sendable (APIError) -> Step
    ) -> Step
    /// The row's id in the answer.
    func id(of row: BulkRow) -> [UInt8]
    /// What becomes of a row where that needs no call.
    func foregone(_ row: BulkRow) -> BulkOutcome?
    /// Changes a row.
    func apply(_ row: BulkRow, _ pass: BulkPass, done: @escaping @Sendable (BulkOutcome) -> Step) -> Step
    /// Further members of the audit entry's metadata.
    func writeDetails(to writer: inout JSONWriter)
}

/// One request's way through the rows of a bulk action.
struct BulkPass: Sendable {
    let plan: BulkPlan
    /// Whether an earlier request found the rows and may have changed some of them.
    let isResumed: Bool
    /// Common to all events of the action.
    let correlationID: [UInt8]
}

/// A bulk action on its way (admin digest 1.10): claimed by its idempotency key, its rows found and kept, then changed
/// one after the other, each by the script of the single operation, which knows it by the action and the row.
///
/// So a request that was cut off at any point can be sent again: the next one goes on with the same rows, changes each
/// once, and the answer is kept for 15 minutes.
struct BulkRun<Work: BulkWork>: Sendable {
    private let work: Work
    /// The action's own name: of installation, operation and idempotency key.
    private let name: Identity
    private let token: [UInt8]
    private let prefix: [UInt8]

    /// The run of an action.
    init(_ work: Work) {
        self.work = work
        let input = work.input
        name = Identity(
            digestOf: input.installation.salt.bytes + [UInt8](Work.operation.description.utf8) + [0]
                + work.request.idempotencyKey)
        token = Base64URL.text(RandomBytes.make(16))
        prefix = Shard(number: 0).prefix
    }

    /// The first step.
    var step: Step {
        .call(claim) { reply throws(ScriptFault) in
            if reply.isWord("DONE") { return .respond(.json(try reply.bytes(0))) }
            if reply.isWord("MISMATCH") { return .refuse(BudgetRefusals.mismatch) }
            if reply.isWord("BUSY") { return .refuse(Self.busy(try reply.int(0))) }
            guard reply.isWord("CLAIMED") else { throw reply.malformed("word") }
            let stored = try reply.bytes(0)
            if stored.isEmpty { return work.match(found: { check($0) }, refuse: { refuse($0) }) }
            guard let plan = BulkPlan(stored: stored) else { throw reply.malformed("plan") }
            return change(plan, isResumed: true)
        }
    }

    private var claim: ScriptCall {
        var call = ScriptCall(.adminBulkClaim, keys: [prefix])
        call.append(name.text)
        call.append(work.request.fingerprint.text)
        call.append(token)
        call.append(decimal: Limits.bulkLeaseMs)
        return call
    }

    /// The gates between finding rows and changing them.
    private func check(_ match: BulkMatch) -> Step {
        if match.total > Limits.bulkRowsMax {
            return refuse(
                Self.counted(
                    match.total, .badRequest, "LIMIT_EXCEEDED",
                    "filter: matches \(match.total) rows, at most \(Limits.bulkRowsMax) may be changed at once"))
        }
        if let expected = work.request.expectedCount, expected != Int64(match.total) {
            return refuse(
                Self.counted(
                    match.total, .conflict, "COUNT_MISMATCH",
                    "expected_count: is \(expected), the filter matches \(match.total)"))
        }
        let requestID = work.input.request.correlation.requestID
        let plan = BulkPlan(id: token, requestID: requestID, rows: match.rows)
        var call = ScriptCall(.adminBulkPlan, keys: [prefix])
        call.append(name.text)
        call.append(token)
        call.append(plan.json)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("LOST") { return .refuse(Self.busy(1_000)) }
            guard reply.isWord("PLANNED") else { throw reply.malformed("word") }
            return change(plan, isResumed: false)
        }
    }

    /// Ends an action that changed nothing: its key is free again.
    private func refuse(_ error: APIError) -> Step {
        .call(finish([]), otherwise: { _ in .refuse(error) }, next: { _ in .refuse(error) })
    }

    private func finish(_ answer: [UInt8]) -> ScriptCall {
        var call = ScriptCall(.adminBulkFinish, keys: [prefix], reservingBytes: 512 + answer.count)
        call.append(name.text)
        call.append(token)
        call.append(answer)
        return call
    }

    private func change(_ plan: BulkPlan, isResumed: Bool) -> Step {
        go(on: BulkPass(plan: plan, isResumed: isResumed, correlationID: correlationID(plan)), [])
    }

    private func correlationID(_ plan: BulkPlan) -> [UInt8] {
        let action = work.request.action.rawValue.lowercased()
        return [UInt8]("\(Work.correlationWord):\(action):".utf8) + plan.requestID
    }

    /// Changes the next row; `outcomes` are of those before it.
    private func go(on pass: BulkPass, _ outcomes: [BulkOutcome]) -> Step {
        var outcomes = outcomes
        while outcomes.count < pass.plan.rows.count {
            let row = pass.plan.rows[outcomes.count]
            if let outcome = work.foregone(row) {
                outcomes.append(outcome)
                continue
            }
            let before = outcomes
            let apply: @Sendable () -> Step = { work.apply(row, pass) { go(on: pass, before + [$0]) } }
            return before.count % Limits.bulkRowsPerLease == Limits.bulkRowsPerLease - 1 ? renew(apply) : apply()
        }
        return conclude(pass, outcomes)
    }

    /// Takes the lease anew, then goes on; whoever lost it leaves the rest to the one who has it.
    private func renew(_ next: @escaping @Sendable () -> Step) -> Step {
        .call(claim) { reply throws(ScriptFault) in
            if reply.isWord("CLAIMED") { return next() }
            if reply.isWord("DONE") { return .respond(.json(try reply.bytes(0))) }
            return .refuse(Self.busy(1_000))
        }
    }

    /// The audit entry, then the answer, which is kept and given from there.
    private func conclude(_ pass: BulkPass, _ outcomes: [BulkOutcome]) -> Step {
        let rows = zip(pass.plan.rows, outcomes).map { (id: work.id(of: $0), outcome: $1) }
        let answer = answer(rows)
        var note = ScriptCall(.adminNote, keys: work.auditKeys, reservingBytes: 1_024 + answer.count)
        note.append(auditEntry(pass, rows))
        return .call(note) { _ throws(ScriptFault) in
            .call(finish(answer)) { reply throws(ScriptFault) in
                if reply.isWord("LOST") { return .refuse(Self.busy(1_000)) }
                return .respond(.json(try reply.bytes(0)))
            }
        }
    }

    private func answer(_ rows: [(id: [UInt8], outcome: BulkOutcome)]) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + 128 * rows.count)
        writer.beginObject()
        writer.key("action")
        writer.string(work.request.action.rawValue)
        writer.key("total_matched")
        writer.int(Int64(rows.count))
        writer.outcomes(rows)
        writer.key("idempotency_key")
        writer.string(work.request.idempotencyKey)
        writer.endObject()
        return writer.finish()
    }

    private func auditEntry(_ pass: BulkPass, _ rows: [(id: [UInt8], outcome: BulkOutcome)]) -> [UInt8] {
        let entry = AuditEntry(
            operation: Work.operation, status: .ok, actor: .adminOnBehalf, resourceType: Work.resourceType,
            resourceID: pass.plan.id)
        return entry.json(work.input.request) { writer in
            writer.key("metadata")
            writer.beginObject()
            writer.key("action")
            writer.string(work.request.action.rawValue)
            writer.key("idempotency_key")
            writer.string(work.request.idempotencyKey)
            writer.key("correlation_id")
            writer.string(pass.correlationID)
            writer.key("total_matched")
            writer.int(Int64(rows.count))
            work.writeDetails(to: &writer)
            writer.outcomes(rows)
            writer.endObject()
        }
    }

    /// 503 while another request carries the same action out.
    private static func busy(_ leftMs: Int64) -> APIError {
        APIError(
            .serviceUnavailable, "INTERNAL_ERROR", "idempotency_key: another request is carrying this action out",
            headers: [.retryAfter: String(max(1, (leftMs + 999) / 1_000))])
    }

    private static func counted(
        _ total: Int, _ status: HTTPResponse.Status, _ code: String, _ message: String
    ) -> APIError {
        APIError(status, code, message, details: [UInt8](#"{"total_matched":\#(total)}"#.utf8))
    }
}

extension BulkWork {
    /// What becomes of a row whose script failed: the row fails, unless the store is away. Then the request ends, and
    /// the next one with the same key goes on.
    func afterFault(
        _ fault: ScriptFault?, done: @escaping @Sendable (BulkOutcome) -> Step
    ) -> Step {
        if let fault, fault.isUnavailable { return .refuse(fault.apiError) }
        return done(.fault)
    }
}

extension JSONWriter {
    /// Rows by what became of them.
    fileprivate mutating func outcomes(_ rows: [(id: [UInt8], outcome: BulkOutcome)]) {
        key("succeeded")
        beginArray()
        for row in rows {
            if case .succeeded = row.outcome { bulkRow(row.id, []) }
        }
        endArray()
        key("failed")
        beginArray()
        for row in rows {
            guard case .failed(let code, let message) = row.outcome else { continue }
            bulkRow(row.id, [("error_code", code.description), ("message", message)])
        }
        endArray()
        key("skipped")
        beginArray()
        for row in rows {
            if case .skipped(let reason) = row.outcome { bulkRow(row.id, [("reason", reason.description)]) }
        }
        endArray()
    }

    private mutating func bulkRow(_ id: [UInt8], _ members: [(StaticString, String)]) {
        beginObject()
        key("id")
        string(id)
        for (name, text) in members {
            key(name)
            string(text)
        }
        endObject()
    }
}
