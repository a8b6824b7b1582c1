// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
internal import SharedKernel
internal import Synchronization

/// Tells of failed logins with tenants' keys: `api_key.auth_failed`, up to ten a second for each tenant and reason, so
/// that what anybody does with keys that never were hides nothing of a tenant's own. The others are counted; the next
/// one tells how many, and when none comes within a second, the last of them does.
final class FailedLogins: Sendable {
    /// What is counted together.
    private struct Kind: Hashable {
        /// Nil for keys that nobody knows.
        let tenant: TenantID?
        let reason: String
    }

    /// A failed login as it is told.
    private struct Telling: Sendable {
        let login: FailedLogin
        /// JSON of the request's ids.
        let context: [UInt8]
    }

    private struct Count {
        var second: Int64 = 0
        var admitted = 0
        /// Counted here and not told.
        var hidden: Int64 = 0
        /// The last one that was counted, here or by the store; nil when all is told.
        var last: Telling?
        /// Whether what is left is told when the second is over.
        var isAwaited = false
    }

    private static let perSecond = 10
    private static let kindsMax = 1_000
    private static let wait = TimeAmount.seconds(1)

    private let runner: ScriptRunner
    private let keyspace: Keyspace
    private let now_ms: @Sendable () -> Int64
    private let counts = Mutex<[Kind: Count]>([:])

    init(runner: ScriptRunner, keyspace: Keyspace, now_ms: @escaping @Sendable () -> Int64) {
        self.runner = runner
        self.keyspace = keyspace
        self.now_ms = now_ms
    }

    /// Tells of a failed login or counts it. Nobody waits for it.
    func tell(_ login: FailedLogin, _ request: APIRequest, on eventLoop: any EventLoop) {
        let second = now_ms() / 1_000
        let context = EventContext.json(request, .stranger)
        let (kind, telling, more, awaits) = counts.withLock { counts in
            let (kind, login) = Self.place(login, in: &counts, second)
            let telling = Telling(login: login, context: context)
            var count = counts[kind] ?? Count()
            defer { counts[kind] = count }
            if count.second != second { (count.second, count.admitted) = (second, 0) }
            guard count.admitted >= Self.perSecond else {
                count.admitted += 1
                defer { (count.hidden, count.last) = (0, nil) }
                return (kind, telling, Optional(count.hidden), false)
            }
            count.hidden += 1
            count.last = telling
            defer { count.isAwaited = true }
            return (kind, telling, nil, !count.isAwaited)
        }
        if let more { send(telling, kind, more: more, on: eventLoop) }
        if awaits { flush(kind, on: eventLoop) }
    }

    /// Where a login is counted. When there are too many kinds, those beyond are one, and the operator's.
    private static func place(
        _ login: FailedLogin, in counts: inout [Kind: Count], _ second: Int64
    ) -> (Kind, FailedLogin) {
        let kind = Kind(tenant: login.tenant, reason: login.reason.description)
        if counts[kind] != nil { return (kind, login) }
        if counts.count >= kindsMax {
            counts = counts.filter { $0.value.second == second || $0.value.isAwaited || $0.value.last != nil }
        }
        if counts.count < kindsMax { return (kind, login) }
        return (Kind(tenant: nil, reason: "*"), FailedLogin(reason: login.reason))
    }

    private func send(_ telling: Telling, _ kind: Kind, more: Int64, on eventLoop: any EventLoop) {
        runner.run(telling.login.event(telling.context, more: more, keyspace), on: eventLoop) { result in
            // Other servers have told ten of this second: the store has counted it.
            guard case .success(let reply) = result, reply.isWord("COUNTED") else { return }
            let awaits = self.counts.withLock { counts in
                var count = counts[kind] ?? Count()
                defer { counts[kind] = count }
                if count.last == nil { count.last = telling }
                defer { count.isAwaited = true }
                return !count.isAwaited
            }
            if awaits { self.flush(kind, on: eventLoop) }
        }
    }

    /// Tells in a second what is left by then.
    private func flush(_ kind: Kind, on eventLoop: any EventLoop) {
        _ = eventLoop.scheduleTask(in: Self.wait) {
            let left = self.counts.withLock { counts -> (Telling, Int64)? in
                guard var count = counts[kind] else { return nil }
                defer { counts[kind] = count }
                count.isAwaited = false
                defer { (count.hidden, count.last) = (0, nil) }
                return count.last.map { ($0, count.hidden) }
            }
            // The last of them tells of the others. One that the store alone has counted is not counted again.
            if let (last, hidden) = left { self.send(last, kind, more: hidden - 1, on: eventLoop) }
        }
    }
}
