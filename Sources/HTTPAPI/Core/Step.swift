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

    /// A call and what follows.
    package static func call(
        _ call: ScriptCall, catchUp: (@Sendable () -> ScriptCall)? = nil,
        next: @escaping @Sendable (ScriptReply) throws(ScriptFault) -> Step
    ) -> Step {
        .call(Invocation(call: call, catchUp: catchUp, next: next))
    }

    /// 400 for a field.
    package static func invalid(_ message: String) -> Step { .refuse(.invalid(message)) }
}

/// A script call of an endpoint.
package struct Invocation: Sendable {
    /// What to send.
    package let call: ScriptCall
    /// The call that expires what is due, for a script that may answer BEHIND; it is run and `call` sent again.
    package let catchUp: (@Sendable () -> ScriptCall)?
    /// What follows from the reply. STALE and BEHIND never get here.
    package let next: @Sendable (ScriptReply) throws(ScriptFault) -> Step
}
