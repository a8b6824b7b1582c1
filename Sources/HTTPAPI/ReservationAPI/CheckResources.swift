// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `GET /api/v1/Reservation/check/{resource}`, `POST /api/v1/Reservation/check` and
/// `GET /api/v1/Resource/available/{resource}`: who holds resources, and whether a unit of one is free.
enum CheckResources {
    static let endpoints = [
        endpoint("checkResource", .get, "/api/v1/Reservation/check/{resource}") { input in
            let resource = try ResourceName.inPath(of: input.request)
            return try check([resource], input) { outcomes in
                var writer = JSONWriter(capacity: 128)
                if let outcome = outcomes.first { writer.checked(resource, outcome) }
                return writer.finish()
            }
        },
        endpoint("checkResources", .post, "/api/v1/Reservation/check") { input in
            let resources = try resources(input.request)
            return try check(resources, input) { outcomes in
                var writer = JSONWriter(capacity: 96 * resources.count)
                writer.beginArray()
                for (resource, outcome) in zip(resources, outcomes) { writer.checked(resource, outcome) }
                writer.endArray()
                return writer.finish()
            }
        },
        endpoint("checkAvailability", .get, "/api/v1/Resource/available/{resource}") { input in
            try check([try ResourceName.inPath(of: input.request)], input) { outcomes in
                [UInt8]((outcomes.first == .free ? "true" : "false").utf8)
            }
        },
    ]

    private static func endpoint(
        _ name: String, _ method: HTTPRequest.Method, _ path: String,
        _ plan: @escaping @Sendable (Endpoint.Input) throws -> Step
    ) -> Endpoint {
        Endpoint(
            name, method, path, surface: .reservation, access: .tenant(.reservationsList),
            plan: { input in planning { try plan(input) } })
    }

    private static func resources(_ request: APIRequest) throws -> [ResourceName] {
        var fields = try JSONFields(try request.document().root, caseInsensitiveKeys: true)
        var resources: [ResourceName] = []
        for name in try fields.requiredArray("resources", count: 1...Limits.lockItemsMax) {
            guard let text = name.stringSlice() else { throw name.fieldError("must be a string") }
            do throws(NameProblem) {
                resources.append(try ResourceName(text))
            } catch {
                throw name.fieldError(error.problem)
            }
        }
        return resources
    }

    private static func check(
        _ resources: [ResourceName], _ input: Endpoint.Input,
        _ body: @escaping @Sendable ([CheckHolds.ItemOutcome]) -> [UInt8]
    ) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        return check(resources, [], principal, body)
    }

    /// Looks at the resources from the first without an outcome on.
    private static func check(
        _ resources: [ResourceName], _ outcomes: [CheckHolds.ItemOutcome], _ principal: Principal,
        _ body: @escaping @Sendable ([CheckHolds.ItemOutcome]) -> [UInt8]
    ) -> Step {
        let check = CheckHolds(resources[outcomes.count...].prefix(Limits.lockItemsPerCall))
        let resume = Step.resuming { Self.check(resources, outcomes, $0, body) }
        return .reservationCall(of: principal, { check.call(for: principal, sweptMs: $0) }, resume: resume) {
            reply throws(ScriptFault) in
            let outcomes = outcomes + (try check.outcome(reply))
            guard outcomes.count == resources.count else { return Self.check(resources, outcomes, principal, body) }
            return .respond(.json(body(outcomes)))
        }
    }
}

extension ResourceName {
    /// The name in a request's path, percent-decoded.
    fileprivate static func inPath(of request: APIRequest) throws(FieldError) -> ResourceName {
        do throws(NameProblem) {
            return try ResourceName(request.parameters.first ?? [])
        } catch {
            throw FieldError(path: "resource", problem: error.problem)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func checked(_ resource: ResourceName, _ outcome: CheckHolds.ItemOutcome) {
        beginObject()
        key("resource")
        string(resource.bytes)
        key("isReserved")
        switch outcome {
        case .free:
            bool(false)
            key("holder")
            null()
        case .held(let holder):
            bool(true)
            key("holder")
            if let holder { string(holder) } else { null() }
        }
        endObject()
    }
}
