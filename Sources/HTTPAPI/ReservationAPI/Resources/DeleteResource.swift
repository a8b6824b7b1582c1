// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `DELETE /api/v1/Resource/{name}?cascade=false` (decision Q20): nothing is deleted of which something is held, nor
/// what has children, unless they go with it.
enum DeleteResource {
    static let endpoint = Endpoint(
        "deleteResource", .delete, "/api/v1/Resource/{name}", surface: .reservation, access: .tenant(.budgetsWrite),
        plan: { input in planning { try plan(input) } })

    private static let notRegistered = APIError(.notFound, "NOT_FOUND", "name: no such resource is registered")

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let name: [UInt8]
        do throws(NameProblem) {
            name = try ResourceName(input.request.parameters.first ?? []).bytes
        } catch {
            throw FieldError(path: "name", problem: error.problem)
        }
        let removal = Removal(name, cascades: try input.request.queryBool("cascade") ?? false)
        return find(removal, DefinitionFacts(), attempt: 1, principal)
    }

    /// Finds out what goes, then deletes it.
    private static func find(
        _ removal: Removal, _ facts: DefinitionFacts, attempt: Int, _ principal: Principal
    ) -> Step {
        switch removal.outcome(facts) {
        case .notRegistered: return .refuse(notRegistered)
        case .hasChildren: return .invalid("name: has children; cascade=true deletes them, too")
        case .tooManyChildren(let name):
            return .invalid("name: \(quoted(name)) has too many children: delete some of them first")
        case .ask(let questions): return ask(questions[...], removal, facts, attempt: attempt, principal)
        case .delete(let names):
            // One call looks and deletes at once; of several, all look before one deletes.
            let deletes = names.count <= Limits.definitionsWrittenPerCall
            let work = Work(removal: removal, names: names, attempt: attempt, deletes: deletes)
            return delete(names[...], work, version: facts.version, principal)
        }
    }

    /// Asks all of these questions before the deletion is worked out again.
    private static func ask(
        _ questions: ArraySlice<DefinitionFacts.Question>, _ removal: Removal, _ facts: DefinitionFacts, attempt: Int,
        _ principal: Principal
    ) -> Step {
        let find = FindDefinitions(questions)
        let resume = Step.resuming { ask(questions, removal, facts, attempt: attempt, $0) }
        return .call(find.call(for: principal), resume: resume) { reply throws(ScriptFault) in
            var facts = facts
            guard try find.learn(reply, into: &facts) else { return again(removal, attempt, principal) }
            let rest = questions.dropFirst(find.questions.count)
            guard rest.isEmpty else { return ask(rest, removal, facts, attempt: attempt, principal) }
            return Self.find(removal, facts, attempt: attempt, principal)
        }
    }

    private static func again(_ removal: Removal, _ attempt: Int, _ principal: Principal) -> Step {
        guard attempt < Limits.definitionAttemptsMax else { return .refuse(ReservationAPI.contended) }
        return find(removal, DefinitionFacts(), attempt: attempt + 1, principal)
    }

    /// What is being deleted.
    private struct Work: Sendable {
        let removal: Removal
        /// Children before their parents.
        let names: [[UInt8]]
        let attempt: Int
        /// Whether this is the pass that deletes.
        var deletes: Bool
    }

    private static func delete(
        _ rest: ArraySlice<[UInt8]>, _ work: Work, version: [UInt8], _ principal: Principal
    ) -> Step {
        let undefine = Undefine(rest, version: version, deletes: work.deletes)
        let resume = Step.resuming { delete(rest, work, version: version, $0) }
        return .reservationCall(of: principal, { _ in undefine.call(for: principal) }, resume: resume) {
            reply throws(ScriptFault) in
            switch try undefine.outcome(reply) {
            case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
            case .changed: return again(work.removal, work.attempt, principal)
            case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
            case .held(let name):
                // Something was reserved after all had been looked at, and before all was deleted.
                let gone = work.deletes ? work.names.count - rest.count : 0
                let note = gone > 0 ? "; \(gone) resources below were deleted before" : ""
                return .invalid("name: \(quoted(name)) has active reservations\(note)")
            case .deleted(let version):
                let rest = rest.dropFirst(undefine.names.count)
                if !rest.isEmpty { return delete(rest, work, version: version, principal) }
                if work.deletes { return .respond(.json(body(work.names))) }
                var work = work
                work.deletes = true
                return delete(work.names[...], work, version: version, principal)
            }
        }
    }

    private static func body(_ names: [[UInt8]]) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 * names.count)
        writer.beginObject()
        writer.key("deleted")
        writer.strings(names.reversed())
        writer.endObject()
        return writer.finish()
    }

    private static func quoted(_ name: [UInt8]) -> String { "'\(String(decoding: name, as: UTF8.self))'" }
}
