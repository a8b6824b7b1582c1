// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel

/// What an endpoint wants next: the two halves of every endpoint, `plan` and `next`, both give one.
package enum Step: Sendable {
    /// Done.
    case respond(APIResponse)
    /// Done, with the surface's error body.
    case refuse(APIError)
    /// One script call, then go on with its reply.
    case call(Invocation)
    /// Work that takes its time and asks nothing of Redis, then go on with what it gives.
    case wait(@Sendable () async -> Step)

    /// A call and what follows.
    package static func call(
        _ call: ScriptCall, catchUp: CatchUp? = nil, resume: (@Sendable (Caller) -> Step)? = nil,
        otherwise: (@Sendable (ScriptFault?) -> Step)? = nil,
        next: @escaping @Sendable (ScriptReply) throws(ScriptFault) -> Step
    ) -> Step {
        .call(Invocation(call: call, catchUp: catchUp, resume: resume, otherwise: otherwise, next: next))
    }

    /// Whether more follows.
    package var isUnfinished: Bool {
        switch self {
        case .call, .wait: true
        case .respond, .refuse: false
        }
    }

    /// 400 for a field.
    package static func invalid(_ message: String) -> Step { .refuse(.invalid(message)) }
}

/// A script call of an endpoint.
package struct Invocation: Sendable {
    /// What to send.
    package let call: ScriptCall
    /// For a script that may answer BEHIND.
    package let catchUp: CatchUp?
    /// The step to take with fresher facts about the caller when the script answers STALE; nil plans the request anew.
    /// A request of several calls keeps by it what the first ones did.
    package let resume: (@Sendable (Caller) -> Step)?
    /// The step to take when the call fails, or waits too long for due expirations (nil then), for a request of many
    /// calls of which one may fail; nil refuses the request.
    package let otherwise: (@Sendable (ScriptFault?) -> Step)?
    /// What follows from the reply. STALE and BEHIND never get here.
    package let next: @Sendable (ScriptReply) throws(ScriptFault) -> Step
}

/// How to go on when a script answers BEHIND: reservations past their time still hold room, nobody has swept them yet.
package struct CatchUp: Sendable {
    /// The call that expires what is due. Its reply: EXPIRED, ended, failed, whether more is due, its time in ms.
    package let sweep: @Sendable () -> ScriptCall
    /// The call to send again. It is given the sweep's time: what fell due later is too young to insist on, or a steady
    /// stream of expirations could hold up a caller for ever.
    package let again: @Sendable (_ sweptMs: Int64) -> ScriptCall

    /// A way to go on.
    package init(
        sweep: @escaping @Sendable () -> ScriptCall, again: @escaping @Sendable (_ sweptMs: Int64) -> ScriptCall
    ) {
        self.sweep = sweep
        self.again = again
    }
}
