// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations
internal import SharedKernel

extension Step {
    /// A call about a tenant's reservations: when some that are past their time are in its way, they are ended and it
    /// is sent again. `call` is given the time of that sweep, 0 before there was one.
    static func reservationCall(
        of principal: Principal, _ call: @escaping @Sendable (_ sweptMs: Int64) -> ScriptCall,
        resume: (@Sendable (Caller) -> Step)? = nil,
        next: @escaping @Sendable (ScriptReply) throws(ScriptFault) -> Step
    ) -> Step {
        reservationCall(of: principal.keys, call, resume: resume, next: next)
    }

    /// The same, of the tenant with these keys.
    static func reservationCall(
        of keys: [[UInt8]], _ call: @escaping @Sendable (_ sweptMs: Int64) -> ScriptCall,
        resume: (@Sendable (Caller) -> Step)? = nil,
        next: @escaping @Sendable (ScriptReply) throws(ScriptFault) -> Step
    ) -> Step {
        let catchUp = CatchUp(sweep: { ExpireHolds(keys: keys).call }, again: call)
        return .call(call(0), catchUp: catchUp, resume: resume, next: next)
    }

    /// What goes on with fresher facts about the caller when a call of several is stale.
    static func resuming(
        _ step: @escaping @Sendable (Principal) -> Step
    ) -> @Sendable (Caller) -> Step {
        { caller in caller.principal.map(step) ?? .refuse(.unauthorized) }
    }
}
