// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
internal import SharedKernel

/// Counts a request against the quotas of operations of its tenant, where there are any: one per request, whatever
/// comes of it (digest section 4). The others pay nothing.
enum OperationQuota {
    /// What stands before the plans of all endpoints of this API.
    static let admission: Endpoint.Admission = { principal, correlation, plan in
        let quotas = principal.quotas
        guard quotas.operationsPerMinute != nil || quotas.operationsPerDay != nil else { return nil }
        return count(principal, correlation, then: plan)
    }

    /// The call that counts, and then `plan`, or 429.
    private static func count(
        _ principal: Principal, _ correlation: Correlation, then plan: @escaping @Sendable (Caller) -> Step
    ) -> Step {
        var call = ScriptCall(.reservationCountOperation, keys: principal.keys)
        call.append(principal.tag)
        call.append(principal.quotas.operationsPerMinute.map { "\($0)" } ?? "")
        call.append(principal.quotas.operationsPerDay.map { "\($0)" } ?? "")
        let resume = Step.resuming { principal in count(principal, correlation, then: plan) }
        return .call(call, resume: resume) { reply throws(ScriptFault) in
            if reply.isWord("COUNTED") { return plan(.tenant(principal)) }
            guard reply.isWord("OVER") else { throw reply.malformed("word") }
            let kind: QuotaRefusal.Kind =
                try reply.bytes(0).first == UInt8(ascii: "M") ? .operationsPerMinute : .operationsPerDay
            let refusal = QuotaRefusal(kind, limit: try reply.int(1), retryAfter: try reply.int(2))
            return .respond(refusal.response(correlation))
        }
    }
}
