// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
internal import LuaCatalog
internal import Metrics
package import NIOCore
package import RedisClient

/// Runs scripts by EVALSHA: loads one that Redis does not know, sends again what may be sent again, measures each.
///
/// Cost: one round trip; two after a NOSCRIPT. Error contract: docs/guarantees.md.
package final class ScriptRunner: Sendable {
    /// The connections used.
    package let pool: RedisPool
    /// The event loops of the pool.
    package let group: any EventLoopGroup
    private let timers: [String: Timer]
    private let failures: [String: Counter]

    /// A runner over a pool and the group it was made with.
    package init(pool: RedisPool, group: any EventLoopGroup) {
        self.pool = pool
        self.group = group
        var timers: [String: Timer] = [:]
        var failures: [String: Counter] = [:]
        for script in LuaScript.all {
            timers[script.name] = Timer(label: "holdfast_script_duration", dimensions: [("script", script.name)])
            failures[script.name] = Counter(label: "holdfast_script_failures", dimensions: [("script", script.name)])
        }
        self.timers = timers
        self.failures = failures
    }

    /// SCRIPT LOAD of every script, which a connection sends before it takes traffic.
    package static var loadCommands: [RedisCommand] {
        LuaScript.all.map { RedisCommand([[UInt8]("SCRIPT".utf8), [UInt8]("LOAD".utf8), [UInt8]($0.source.utf8)]) }
    }

    /// Runs a call on an event loop; `completion` is called there, once.
    package func run(
        _ call: ScriptCall, on eventLoop: any EventLoop,
        completion: @escaping (Result<ScriptReply, ScriptFault>) -> Void
    ) {
        assert(call.isComplete, "\(call.script.name) takes other arguments")
        let attempt = ScriptAttempt(
            script: call.script, command: RedisCommand(call.words), connection: pool.connection(on: eventLoop))
        let begin = DispatchTime.now().uptimeNanoseconds
        let timer = timers[call.script.name]
        let counter = failures[call.script.name]
        attempt.send(attemptsLeft: 2) { result in
            timer?.recordNanoseconds(Int64(DispatchTime.now().uptimeNanoseconds - begin))
            if case .failure = result { counter?.increment() }
            completion(result)
        }
    }

    /// Runs a call from any task.
    package func run(_ call: ScriptCall) async throws(ScriptFault) -> ScriptReply {
        let eventLoop = group.next()
        let result: Result<ScriptReply, ScriptFault> = await withCheckedContinuation { continuation in
            eventLoop.execute {
                self.run(call, on: eventLoop) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }
}

/// One script call and its repetitions; lives on the connection's event loop.
private struct ScriptAttempt {
    let script: LuaScript
    let command: RedisCommand
    let connection: RedisConnection

    /// `doubt` is the error of an earlier attempt that may have been carried out: whatever comes after it, short of a
    /// reply, the outcome of the call is unknown.
    func send(
        attemptsLeft: Int, doubt: RedisError? = nil, completion: @escaping (Result<ScriptReply, ScriptFault>) -> Void
    ) {
        connection.send(command) { result in
            switch result {
            case .success(let reply):
                completion(Result { () throws(ScriptFault) in try ScriptReply(reply, of: script.name) })
            case .failure(let error):
                let doubt = doubt ?? (error.outcome == .notApplied ? nil : error)
                recover(from: error, attemptsLeft: attemptsLeft - 1, doubt: doubt, completion: completion)
            }
        }
    }

    private func recover(
        from error: RedisError, attemptsLeft: Int, doubt: RedisError?,
        completion: @escaping (Result<ScriptReply, ScriptFault>) -> Void
    ) {
        guard attemptsLeft > 0 else { return completion(.failure(fault(doubt ?? error))) }
        switch error.retry {
        case .afterScriptLoad:
            let load = RedisCommand([[UInt8]("SCRIPT".utf8), [UInt8]("LOAD".utf8), [UInt8](script.source.utf8)])
            connection.send(load) { result in
                switch result {
                case .success: send(attemptsLeft: attemptsLeft, doubt: doubt, completion: completion)
                case .failure(let error): completion(.failure(fault(doubt ?? error)))
                }
            }
        case .ifIdempotent where script.retry != .never:
            send(attemptsLeft: attemptsLeft, doubt: doubt, completion: completion)
        case .again where error.code == .connectionLostBeforeSend:
            send(attemptsLeft: attemptsLeft, doubt: doubt, completion: completion)
        case .afterBackoff:
            connection.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64.random(in: 50...150))) {
                send(attemptsLeft: attemptsLeft, doubt: doubt, completion: completion)
            }
        case .never, .ifIdempotent, .again, .elsewhere:
            completion(.failure(fault(doubt ?? error)))
        }
    }

    private func fault(_ error: RedisError) -> ScriptFault {
        .redis(error, script: script.name, detail: script.translate(errorMessage: error.message))
    }
}
