// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/Resource/register` (digest 2.4, decisions Q5, Q10, Q18 to Q21): the whole list is held against itself
/// and against what is registered before anything is written. Answers with the definitions as they are stored.
enum RegisterResources {
    static let endpoint = Endpoint(
        "registerResources", .post, "/api/v1/Resource/register", surface: .reservation,
        access: .tenant(.budgetsWrite), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let root = try input.request.document().root
        let items = try ReservationItems.read(input.request, DefinitionItems.read)
        var names: Set<[UInt8]> = []
        for (index, item) in items.enumerated() {
            names.formUnion((item.ancestors ?? []) + [item.name])
            guard names.count <= Limits.registeredNamesMax else {
                let place = root.kind == .array ? "[\(index)].treePath" : "treePath"
                throw FieldError(path: place, problem: "goes beyond \(Limits.registeredNamesMax) names in one request")
            }
        }
        let request = Request(registration: Registration(items), isArray: root.kind == .array)
        return request.find(DefinitionFacts(), attempt: 1, principal)
    }
}

extension RegisterResources {
    /// What is to be written, and what that was worked out from.
    fileprivate struct Draft: Sendable {
        let rows: [Registration.Row]
        let facts: DefinitionFacts
        let attempt: Int
    }

    /// A request on its way.
    fileprivate struct Request: Sendable {
        let registration: Registration
        let isArray: Bool

        /// Finds out what has to be known, then writes.
        func find(_ facts: DefinitionFacts, attempt: Int, _ principal: Principal) -> Step {
            switch registration.outcome(facts) {
            case .refuse(let refusal):
                let place = isArray ? "[\(refusal.item)].\(refusal.field)" : refusal.field
                return .invalid(FieldError(path: place, problem: refusal.problem).message)
            case .write(let rows):
                let draft = Draft(rows: rows, facts: facts, attempt: attempt)
                guard !rows.isEmpty else { return .respond(.json(body(draft))) }
                return write(rows[...], draft, version: facts.version, [], principal)
            case .ask(let questions): return ask(questions[...], facts, attempt: attempt, principal)
            }
        }

        /// Asks all of these questions before the registration is worked out again.
        private func ask(
            _ questions: ArraySlice<DefinitionFacts.Question>, _ facts: DefinitionFacts, attempt: Int,
            _ principal: Principal
        ) -> Step {
            let find = FindDefinitions(questions)
            let resume = Step.resuming { ask(questions, facts, attempt: attempt, $0) }
            return .call(find.call(for: principal), resume: resume) { reply throws(ScriptFault) in
                var facts = facts
                guard try find.learn(reply, into: &facts) else { return again(attempt, principal) }
                let rest = questions.dropFirst(find.questions.count)
                guard rest.isEmpty else { return ask(rest, facts, attempt: attempt, principal) }
                return self.find(facts, attempt: attempt, principal)
            }
        }

        /// Begins anew, because the definitions changed meanwhile.
        private func again(_ attempt: Int, _ principal: Principal) -> Step {
            guard attempt < Limits.definitionAttemptsMax else { return .refuse(ReservationAPI.contended) }
            return find(DefinitionFacts(), attempt: attempt + 1, principal)
        }

        private func write(
            _ rows: ArraySlice<Registration.Row>, _ draft: Draft, version: [UInt8], _ open: [OpenSlots],
            _ principal: Principal
        ) -> Step {
            let define = Define(rows, version: version)
            let resume = Step.resuming { write(rows, draft, version: version, open, $0) }
            return .call(define.call(for: principal), resume: resume) { reply throws(ScriptFault) in
                switch try define.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
                case .changed: return again(draft.attempt, principal)
                case .defined(let version, let more):
                    let rest = rows.dropFirst(define.rows.count)
                    guard rest.isEmpty else { return write(rest, draft, version: version, open + more, principal) }
                    return adopt(open + more, draft, principal)
                }
            }
        }

        /// Makes holds that are older than their pool units of it, then answers.
        private func adopt(_ open: [OpenSlots], _ draft: Draft, _ principal: Principal) -> Step {
            guard let first = open.first else { return .respond(.json(body(draft))) }
            let adopt = AdoptSlots(first)
            return .call(adopt.call(keys: principal.keys)) { reply throws(ScriptFault) in
                let rest = try adopt.rest(reply).map { [$0] } ?? []
                return self.adopt(rest + open.dropFirst(), draft, principal)
            }
        }

        private func body(_ draft: Draft) -> [UInt8] {
            var writer = JSONWriter(capacity: 128 * registration.items.count)
            writer.beginArray()
            for (row, ancestors) in registration.results(draft.rows, draft.facts) {
                writer.definition(row.name, row.definition, ancestors: ancestors)
            }
            writer.endArray()
            return writer.finish()
        }
    }
}
