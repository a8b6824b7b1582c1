// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel

extension Step {
    /// A call about a tenant's budgets: when reservations past their time are in its way, they are expired and it is
    /// sent again. `call` is given the time of that sweep, 0 before there was one.
    static func budgetCall(
        of keys: [[UInt8]], keepMs: Int64, _ call: @escaping @Sendable (_ sweptMs: Int64) -> ScriptCall,
        otherwise: (@Sendable (ScriptFault?) -> Step)? = nil,
        next: @escaping @Sendable (ScriptReply) throws(ScriptFault) -> Step
    ) -> Step {
        let catchUp = CatchUp(sweep: { Expire(keys: keys, keepMs: keepMs).call }, again: call)
        return .call(call(0), catchUp: catchUp, otherwise: otherwise, next: next)
    }
}

extension Principal {
    /// What becomes of overage where neither request, policy nor ledger say (runtime digest 2.12).
    var overageFallback: OveragePolicy { OveragePolicy(word: terms.overagePolicy) ?? .allowIfAvailable }
}

extension Policy {
    /// What becomes of overage where the request does not say.
    var overage: OveragePolicy? { overagePolicy.flatMap(OveragePolicy.init(word:)) }
}
