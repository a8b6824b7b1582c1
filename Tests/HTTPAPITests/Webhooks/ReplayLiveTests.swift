// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// Replays and resends without a worker: what is queued stays queued. Numbers in names are statements of the admin
/// digest, section 8.
@Suite("Replays and resends", .serialized)
struct ReplayLiveTests {
    private let admin = "/v1/admin/webhooks"

    private func subscribe(
        _ stack: AdminStack, _ types: String, tenant: String? = "acme", more: String = ""
    ) async throws -> String {
        let path = admin + (tenant.map { "?tenant_id=\($0)" } ?? "")
        let body = #"{"url":"https://hooks.example.com/a","event_types":\#(types)\#(more)}"#
        let answer = try await stack.send(path, body, as: .admin)
        try #require(answer.status == .created, "\(answer.body)")
        let id = answer.root.member("subscription")?.member("subscription_id")?.stringBytes() ?? []
        return String(decoding: id, as: UTF8.self)
    }

    /// Changes of a tenant, each of which is one event `tenant.updated`.
    private func change(_ stack: AdminStack, _ tenant: String, _ count: Int) async throws {
        for number in 0..<count {
            let body = #"{"metadata":{"n":"\#(number)"}}"#
            let answer = try await stack.send("/v1/admin/tenants/\(tenant)", body, method: .patch, as: .admin)
            try #require(answer.status == .ok)
        }
    }

    private func replay(_ stack: AdminStack, _ id: String, _ body: String = "{}") async throws -> AdminAnswer {
        try await stack.send("\(admin)/\(id)/replay", body, as: .admin)
    }

    private func queued(_ answer: AdminAnswer) -> Int64? { answer.root.member("events_queued")?.int64() }

    private struct Delivery {
        let id: String
        let type: String
        let event: String
    }

    /// What is queued for a subscription, newest delivery first.
    private func deliveries(_ stack: AdminStack, _ id: String) async throws -> [Delivery] {
        var rows: [Delivery] = []
        var cursor = ""
        repeat {
            let page = try await stack.send(
                "\(admin)/\(id)/deliveries?limit=100\(cursor)", method: .get, as: .admin)
            for row in try #require(page.root.member("deliveries")?.elements) {
                func text(_ name: StaticString) -> String {
                    String(decoding: row.member(name)?.stringBytes() ?? [], as: UTF8.self)
                }
                rows.append(
                    Delivery(id: text("delivery_id"), type: text("event_type"), event: text("event_id")))
            }
            cursor = page.text("next_cursor").map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        return rows
    }

    private func audited(_ stack: AdminStack, _ operation: String) async throws -> [JSONValue] {
        let answer = try await stack.send(
            "/v1/admin/audit/logs?limit=100&operation=\(operation)", method: .get, as: .admin)
        return answer.root.member("logs").map { Array($0.elements) } ?? []
    }

    @Test("126: of two replays at once one is 202 and one 409, and the deliveries are those of one")
    func atOnce() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await change(stack, "acme", 210)
            let id = try await subscribe(stack, #"["tenant.updated"]"#)
            let body = #"{"max_events":1000}"#
            let answers = try await withThrowingTaskGroup(of: AdminAnswer.self) { group in
                for _ in 0..<2 { group.addTask { try await replay(stack, id, body) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.status)) == [.accepted, .conflict])
            let refused = try #require(answers.first { $0.status == .conflict })
            #expect(refused.error == "REPLAY_IN_PROGRESS")
            #expect(answers.compactMap(queued) == [210])
            #expect(try await deliveries(stack, id).count == 210)
            #expect(try await audited(stack, "replayEvents").filter { $0.member("status")?.int64() == 202 }.count == 1)
            // Asked once more, it is another one.
            #expect(try await queued(replay(stack, id, body)) == 210)
            #expect(try await deliveries(stack, id).count == 420)
        }
    }

    @Test("5.8: a replay that a fault cuts off lets the next begin at once, which sends nothing twice")
    func cutOff() async throws {
        try await AdminStack.run { stack in
            for tenant in ["acme", "other"] { try await stack.makeTenant(tenant) }
            try await change(stack, "acme", 120)
            try await change(stack, "other", 3)
            let id = try await subscribe(stack, #"["tenant.updated"]"#, tenant: nil)
            let prefix = String(
                decoding: stack.installation.keyspace.shard(of: .system).prefix, as: UTF8.self)
            // The second call of a hundred meets a key that it cannot write.
            let broken = prefix + "ln:\(id):other"
            try await stack.redis("SET", broken, "no lane")
            let body = #"{"max_events":500,"event_types":["tenant.updated"]}"#
            #expect(try await replay(stack, id, body).status == .internalServerError)
            let after = try await deliveries(stack, id)
            #expect(after.count >= 100 && after.count < 123)
            let entry = try #require(try await audited(stack, "replayEvents").first)
            #expect(entry.member("status")?.int64() == 500)
            #expect(entry.member("metadata")?.member("events_queued")?.int64() == 100)
            try await stack.redis("DEL", broken)
            // More events are allowed: it is the same span all the same.
            let whole = try await replay(
                stack, id, #"{"event_types":["tenant.updated","tenant.updated"],"max_events":600}"#)
            #expect(whole.status == .accepted && queued(whole) == 123)
            let all = try await deliveries(stack, id)
            #expect(all.count == 123 && Set(all.map(\.event)).count == 123)
            let entries = try await audited(stack, "replayEvents")
            #expect(entries.compactMap { $0.member("status")?.int64() }.sorted() == [202, 500])
            #expect(
                Set(entries.compactMap { $0.member("metadata")?.member("replay_id")?.stringBytes() })
                    == [[UInt8]((whole.text("replay_id") ?? "").utf8)])
            #expect(try await queued(replay(stack, id, body)) == 123)
            #expect(try await deliveries(stack, id).count == 246)
        }
    }

    @Test("127: a replay sends what the scope filter covers, and of the operator's business and other tenants nothing")
    func selection() async throws {
        try await AdminStack.run { stack in
            for tenant in ["acme", "other"] {
                try await stack.makeTenant(tenant)
                _ = try await stack.makeKey(tenant)
                for scope in ["", "/workspace:prod", "/workspace:prod/agent:a", "/workspace:test"] {
                    try await stack.makeBudget(tenant, "tenant:\(tenant)\(scope)", allocated: 10)
                }
            }
            for (filter, scopes) in [
                ("tenant:acme/workspace:prod", 1), ("tenant:acme/workspace:prod/*", 1), ("tenant:acme/*", 3), ("*", 4),
                ("", 4), ("tenant:other/*", 0),
            ] {
                let id = try await subscribe(
                    stack, #"["budget.created","tenant.created"]"#, more: #","scope_filter":"\#(filter)""#)
                let answer = try await replay(stack, id)
                // The tenant's own event has no scope.
                #expect(queued(answer) == Int64(scopes + (filter.isEmpty ? 1 : 0)), "\(filter)")
                let types = try await deliveries(stack, id).map(\.type)
                #expect(types.filter { $0 == "budget.created" }.count == scopes, "\(filter)")
            }
            // A row that should not be there sends nothing more for that.
            let id = try await subscribe(stack, #"["tenant.created"]"#)
            let rows = try stack.key("acme") + ":wh"
            let row = try #require(try await stack.redis("HGET", rows, id).bytes)
            let bad = String(decoding: row, as: UTF8.self).replacing(
                #"["tenant.created"]"#, with: #"["tenant.created","api_key.created","webhook.created"]"#)
            try await stack.redis("HSET", rows, id, bad)
            #expect(try await queued(replay(stack, id, #"{"event_types":["api_key.created","webhook.created"]}"#)) == 0)
            #expect(try await queued(replay(stack, id)) == 1)
            #expect(try await deliveries(stack, id).map(\.type) == ["tenant.created"])
            let operators = try await subscribe(stack, #"["api_key.created","tenant.created"]"#, tenant: nil)
            #expect(try await queued(replay(stack, operators)) == 4)
        }
    }

    @Test("A resend names the delivery that waits, makes another once that has ended, and needs an ACTIVE subscription")
    func resends() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let id = try await subscribe(stack, #"["tenant.created"]"#)
            #expect(try await queued(replay(stack, id)) == 1)
            let first = try #require(try await deliveries(stack, id).first).id
            func resend(_ delivery: String) async throws -> AdminAnswer {
                try await stack.send("/v1/admin/x-holdfast/deliveries/\(delivery)/resend", as: .admin)
            }
            let second = try #require(try await resend(first).text("delivery_id"))
            #expect(second != first)
            #expect(try await resend(first).text("delivery_id") == second)
            #expect(try await deliveries(stack, id).count == 2)
            let prefix = String(
                decoding: stack.installation.keyspace.shard(of: try #require(TenantID("acme"))).prefix, as: UTF8.self)
            try await stack.redis("HSET", prefix + "dv:" + second, "state", "F")
            let third = try #require(try await resend(first).text("delivery_id"))
            #expect(third != second)
            #expect(try await deliveries(stack, id).count == 3)
            #expect(try await audited(stack, "resendDelivery").count == 2)
            func patch(_ path: String, _ body: String) async throws {
                #expect(try await stack.send(path, body, method: .patch, as: .admin).status == .ok)
            }
            try await patch("\(admin)/\(id)", #"{"status":"PAUSED"}"#)
            let paused = try await resend(first)
            #expect(paused.status == .conflict && paused.error == "INVALID_REQUEST")
            try await patch("/v1/admin/tenants/acme", #"{"status":"CLOSED"}"#)
            let closed = try await resend(first)
            #expect(closed.status == .conflict && closed.error == "TENANT_CLOSED")
            try await stack.redis("HDEL", try stack.key("acme") + ":wh", id)
            try await stack.redis("SET", try stack.key("acme"), "A1")
            let gone = try await resend(first)
            #expect(gone.status == .notFound && gone.error == "WEBHOOK_NOT_FOUND")
            #expect(try await resend("del_00aaaaaaaaaaaaaaaaaaaaaa").error == "NOT_FOUND")
        }
    }

    @Test("122: delivery rows of every state are what the document says, and one that is tried again says when")
    func rows() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let id = try await subscribe(stack, #"["tenant.created"]"#)
            for _ in 0..<4 { #expect(try await queued(replay(stack, id)) == 1) }
            let prefix = String(
                decoding: stack.installation.keyspace.shard(of: try #require(TenantID("acme"))).prefix, as: UTF8.self)
            let states: [[String]] = [
                ["state", "P"],
                ["state", "S", "attempts", "1", "status", "204", "took_ms", "3", "done_ms", "1700000000000"],
                [
                    "state", "R", "attempts", "2", "status", "500", "took_ms", "3", "error", "HTTP 500", "next_ms",
                    "1700000001000",
                ],
                [
                    "state", "F", "attempts", "6", "status", "0", "took_ms", "0", "error", "connection refused",
                    "done_ms", "1700000002000",
                ],
            ]
            for (row, fields) in zip(try await deliveries(stack, id), states) {
                let words = ["HSET", prefix + "dv:" + row.id] + fields
                _ = try await stack.pool.send(RedisCommand(words.map { [UInt8]($0.utf8) }))
            }
            // Every answer is held against the document.
            for path in ["\(admin)/\(id)/deliveries", "/v1/webhooks/\(id)/deliveries"] {
                let answer = try await stack.send(path, method: .get, as: .admin)
                let rows = try Array(#require(answer.root.member("deliveries")).elements)
                #expect(rows.count == 4)
                for row in rows {
                    let isRetrying = row.member("status")?.isString("RETRYING") == true
                    #expect((row.member("next_retry_at") != nil) == isRetrying)
                    #expect(row.member("attempted_at") != nil && row.member("trace_id") != nil)
                    if isRetrying { #expect(row.member("next_retry_at")?.isString("2023-11-14T22:13:21.000Z") == true) }
                }
            }
            let retrying = try await stack.send(
                "\(admin)/\(id)/deliveries?status=RETRYING", method: .get, as: .admin)
            #expect(retrying.root.member("deliveries")?.count == 1)
        }
    }
}
