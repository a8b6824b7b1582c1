// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `DELETE /api/v1/Reservation/requester/{requester}`: gives back everything that a requester holds, without tokens
/// (decision Q24).
enum ReleaseAllOfRequester {
    static let endpoint = Endpoint(
        "releaseRequester", .delete, "/api/v1/Reservation/requester/{requester}", surface: .reservation,
        access: .tenant(.reservationsRelease), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        do throws(NameProblem) {
            let requester = try Requester(input.request.parameters.first ?? [])
            return Request(requester: requester, correlation: input.request.correlation).release(nil, Sum(), principal)
        } catch {
            throw FieldError(path: "requester", problem: error.problem)
        }
    }

    /// What the calls so far did.
    private struct Sum: Sendable {
        var released: Int64 = 0
        var failed: Int64 = 0
    }

    /// A request on its way.
    private struct Request: Sendable {
        let requester: Requester
        let correlation: Correlation

        func release(_ place: ReleaseRequester.Place?, _ sum: Sum, _ principal: Principal) -> Step {
            let context = EventContext.ofResources(correlation, principal)
            let release = ReleaseRequester(requester, from: place, context: context)
            let resume = Step.resuming { self.release(place, sum, $0) }
            return .call(release.call(for: principal), resume: resume) { reply throws(ScriptFault) in
                switch try release.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .step(let step):
                    let sum = Sum(released: sum.released + step.released, failed: sum.failed + step.failed)
                    if let next = step.next { return self.release(next, sum, principal) }
                    // All others are released: what is left has to be looked at.
                    guard sum.failed == 0 else { throw reply.malformed("\(sum.failed) holds cannot be released") }
                    return .respond(.json(body(requester, sum.released)))
                }
            }
        }
    }

    private static func body(_ requester: Requester, _ released: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("requester")
        writer.string(requester.bytes)
        writer.key("released")
        writer.int(released)
        writer.endObject()
        return writer.finish()
    }
}
