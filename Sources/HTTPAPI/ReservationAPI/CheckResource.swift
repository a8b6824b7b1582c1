// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `GET /api/v1/Reservation/check/{resource}`.
enum CheckResource {
    static let endpoint = Endpoint(
        "checkResource", .get, "/api/v1/Reservation/check/{resource}", surface: .reservation,
        access: .tenant(.reservationsList), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let check = CheckHold(resource: try resource(input.request))
        return .call(check.call(for: principal)) { reply throws(ScriptFault) in
            .respond(.json(body(check.resource, try check.outcome(reply))))
        }
    }

    private static func resource(_ request: APIRequest) throws(FieldError) -> ResourceName {
        do throws(NameProblem) {
            return try ResourceName(request.parameters.first ?? [])
        } catch {
            throw FieldError(path: "resource", problem: error.problem)
        }
    }

    private static func body(_ resource: ResourceName, _ outcome: CheckHold.Outcome) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("resource")
        writer.string(resource.bytes)
        writer.key("isReserved")
        switch outcome {
        case .free:
            writer.bool(false)
            writer.key("holder")
            writer.null()
        case .held(let holder):
            writer.bool(true)
            writer.key("holder")
            writer.string(holder)
        }
        writer.endObject()
        return writer.finish()
    }
}
