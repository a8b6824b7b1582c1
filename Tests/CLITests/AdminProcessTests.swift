// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import ArgumentParser
import Foundation
import Testing

@testable import HoldfastCLI

@Suite("holdfast against a server", .serialized)
struct AdminProcessTests {
    @Test("a tenant is created, listed, changed, suspended, reactivated and closed; closing takes a yes")
    func tenants() async throws {
        try await AdminServer.run { server in
            let created = try await server.lines(
                "tenant create acme --name 'Acme & Co' --default-ttl-ms 30000 --metadata plan=gold")
            #expect(created.contains("name                           Acme & Co"), "\(created)")
            #expect(try await server.lines("tenant create acme --name 'Acme & Co'").contains { $0.contains("30000") })
            _ = try await server.lines("tenant create beta")
            let list = try await server.lines("tenant list --sort-by tenant_id --sort-dir asc")
            #expect(list.count == 3 && list[0].hasPrefix("TENANT  NAME       STATUS  CREATED"), "\(list)")
            #expect(list[1].hasPrefix("acme    Acme & Co  ACTIVE  20") && list[2].hasPrefix("beta    beta "), "\(list)")
            #expect(try await server.lines("tenant list --search zzz") == ["There is no such tenant."])

            let page = try await server.lines("tenant list --sort-by tenant_id --sort-dir asc --limit 1")
            let cursor = try #require(page.last?.split(separator: "'").dropFirst().first)
            let rest = try await server.lines(
                "tenant list --sort-by tenant_id --sort-dir asc --limit 1 --cursor '\(cursor)'")
            #expect(rest.count == 2 && rest[1].hasPrefix("beta"), "\(rest)")

            #expect(
                try await server.json("tenant update acme --max-ttl-ms 600000")["max_reservation_ttl_ms"] as? Int
                    == 600_000)
            #expect(try await server.json("tenant suspend acme")["status"] as? String == "SUSPENDED")
            #expect(try await server.json("tenant reactivate acme")["status"] as? String == "ACTIVE")
            #expect(try await server.json("tenant get acme")["name"] as? String == "Acme & Co")

            let unsure = try await server.holdfast("tenant close acme")
            #expect(unsure.code == 64 && unsure.errors.contains("--yes"), "\(unsure)")
            #expect(try await server.json("tenant close acme --yes")["status"] as? String == "CLOSED")
        }
    }

    @Test("a key is created with its secret shown once, listed without, changed, validated and revoked")
    func keys() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            let created = try await server.json(
                "key create acme --name main --permission balances:read --scope-filter 'agent:*'")
            let id = try #require(created["key_id"] as? String)
            let secret = try #require(created["key_secret"] as? String)
            #expect(created["permissions"] as? [String] == ["balances:read"])
            let told = try await server.lines("key create acme --name other")
            #expect(told.last == "Keep key_secret: it is not shown again.")

            let list = try await server.holdfast("key list --tenant acme --search main")
            #expect(list.output.contains(id) && !list.output.contains(secret), "\(list)")
            let verdict = try await server.json("key validate", input: secret)
            #expect(verdict["valid"] as? Bool == true && verdict["tenant_id"] as? String == "acme")

            let mine = try await server.json("key introspect", input: secret + "\n")
            #expect(mine["auth_type"] as? String == "tenant" && mine["tenant_id"] as? String == "acme")
            let shown = try await server.lines("key introspect", input: secret)
            #expect(shown.contains("permissions    balances:read"), "\(shown)")
            let wrong = try await server.holdfast("key introspect", input: "cyc_live_nobody")
            #expect(wrong.code == 1 && wrong.errors.hasPrefix("holdfast: UNAUTHORIZED: "), "\(wrong)")
            let silent = try await server.holdfast("key introspect")
            #expect(silent.code == 64 && silent.errors.contains("the input, which is empty"), "\(silent)")

            let updated = try await server.json("key update \(id) --permission budgets:read --clear-scope-filter")
            #expect(updated["permissions"] as? [String] == ["budgets:read"])
            #expect((updated["scope_filter"] as? [String] ?? []).isEmpty)
            let revoked = try await server.json("key revoke \(id) --reason 'found in a log'")
            #expect(
                revoked["status"] as? String == "REVOKED" && revoked["revoked_reason"] as? String == "found in a log")
            #expect(try await server.json("key validate", input: secret)["valid"] as? Bool == false)
            #expect(try await server.json("key get \(id)")["status"] as? String == "REVOKED")
            let none = try await server.holdfast("key get key_00nothing")
            #expect(none.code == 1 && none.errors.hasPrefix("holdfast: NOT_FOUND: "), "\(none)")
            let again = try await server.holdfast("key revoke \(id)")
            #expect(again.code == 1 && again.errors.hasPrefix("holdfast: KEY_REVOKED: "), "\(again.errors)")
        }
    }

    @Test("a budget is created, funded, debited, changed, frozen and put to use again")
    func budgets() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            let created = try await server.lines("budget create tenant:acme --unit tokens --allocated 9007199254740993")
            #expect(
                created.contains { $0.hasPrefix("remaining ") && $0.hasSuffix("9007199254740993 TOKENS") }, "\(created)"
            )
            #expect(
                try await server.lines(
                    "budget fund tenant:acme --unit TOKENS --amount 7 --reason 'top up' --idempotency-key k") == [
                        "TOKENS               BEFORE             AFTER",
                        "allocated  9007199254740993  9007199254741000",
                        "spent                     0                 0",
                        "debt                      0                 0",
                        "remaining  9007199254740993  9007199254741000",
                    ])
            let again = try await server.json(
                "budget fund tenant:acme --unit TOKENS --amount 7 --reason 'top up' --idempotency-key k")
            #expect((again["new_allocated"] as? [String: Any])?["amount"] as? Int == 9_007_199_254_741_000)
            #expect(try await server.funded("fund", 3, "new_allocated") == 9_007_199_254_741_003)
            #expect(try await server.funded("fund", 3, "new_allocated") == 9_007_199_254_741_006)
            #expect(try await server.funded("reset", 2_000, "new_remaining") == 2_000)
            #expect(try await server.funded("repay-debt", 7, "new_allocated") == 2_007)
            #expect(try await server.funded("reset-spent", 1_000, "new_remaining", "--spent 250") == 750)
            let debit = try await server.json("budget debit tenant:acme --unit TOKENS --amount 50")
            #expect((debit["new_allocated"] as? [String: Any])?["amount"] as? Int == 950)
            let tooMuch = try await server.holdfast("budget debit tenant:acme --unit TOKENS --amount 5000")
            #expect(tooMuch.code == 1 && tooMuch.errors.hasPrefix("holdfast: BUDGET_EXCEEDED: "), "\(tooMuch.errors)")

            let unit = try await server.holdfast("budget fund tenant:acme --unit CREDITS --amount 1")
            #expect(unit.code == 1 && unit.errors.hasPrefix("holdfast: UNIT_MISMATCH: "), "\(unit.errors)")
            #expect(unit.errors.contains(#""expected_units":["TOKENS"]"#), "\(unit.errors)")

            _ = try await server.lines("budget update tenant:acme --unit TOKENS --overdraft-limit 30")
            let found = try await server.json("budget lookup tenant:acme --unit TOKENS")
            #expect((found["overdraft_limit"] as? [String: Any])?["amount"] as? Int == 30)
            #expect(
                try await server.json("budget freeze tenant:acme --unit TOKENS --reason odd")["status"] as? String
                    == "FROZEN")
            let frozen = try await server.lines("budget list --tenant acme --status FROZEN --unit TOKENS")
            #expect(
                frozen == [
                    "SCOPE        UNIT    ALLOCATED  SPENT  RESERVED  DEBT  REMAINING  STATUS",
                    "tenant:acme  TOKENS        950    250         0     0        700  FROZEN",
                ])
            #expect(try await server.json("budget unfreeze tenant:acme --unit TOKENS")["status"] as? String == "ACTIVE")
            #expect(try await server.lines("budget list --has-debt") == ["There is no such budget."])
        }
    }

    @Test("public keys are set from a file or the input, shown and taken away; one with a private part is refused")
    func jwtKeys() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            #expect(try await server.lines("jwt-keys get acme") == ["The tenant has no public keys."])
            let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
            let key = #""kty":"OKP","crv":"Ed25519","kid":"2026-01","alg":"EdDSA","x":"\#(point)""#
            let table = ["KID      TYPE  ALGORITHM  CURVE", "2026-01  OKP   EdDSA      Ed25519"]
            #expect(try await server.lines("jwt-keys set acme -", input: #"{"keys":[{\#(key)}]}"#) == table)
            #expect(try await server.lines("jwt-keys get acme") == table)
            let secret = try await server.holdfast("jwt-keys set acme -", input: #"{"keys":[{\#(key),"d":"AAAA"}]}"#)
            #expect(secret.code == 1 && secret.errors.contains("INVALID_REQUEST: keys[0].d: "), "\(secret)")
            try await RunningProgram.inTemporaryFolder { folder in
                let file = folder.appending(path: "none.json").path
                try Data(#"{"keys":[]}"#.utf8).write(to: URL(filePath: file))
                #expect(try await server.json("jwt-keys set acme '\(file)'")["keys"] as? [String] == [])
                let missing = try await server.holdfast("jwt-keys set acme '\(file)x'")
                #expect(missing.code == 64 && missing.errors.contains("none.jsonx cannot be read"), "\(missing)")
            }
        }
    }

    @Test("the server serves the descriptions of its APIs", arguments: ["admin", "cycles", "reservation"])
    func descriptions(name: String) async throws {
        try await AdminServer.run { server in
            let answer = try LoopbackHTTP(port: server.port).send("GET", "/openapi/\(name).yaml")
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let file = try Data(contentsOf: root.appending(path: "docs/api/\(name).yaml"))
            #expect(answer.status == 200 && Data(answer.body) == file)
        }
    }

    @Test("policies and quotas are set, changed and shown, and the audit log says who did it")
    func policiesLimitsAudit() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            #expect(try await server.lines("policy list acme") == ["There is no such policy."])
            let policy = try await server.json(
                "policy create 'tenant:acme/agent:*' --name agents --priority 5 --max-tokens 4096 --deny-tool shell "
                    + "--reservations-per-minute 600 --max-ttl-ms 60000")
            let id = try #require(policy["policy_id"] as? String)
            #expect((policy["caps"] as? [String: Any])?["max_tokens"] as? Int == 4_096)
            #expect(try await server.json("policy update \(id) --status DISABLED")["status"] as? String == "DISABLED")
            let cleared = try await server.json("policy update \(id) --clear rates --max-tokens 5")
            #expect(cleared["rate_limits"] == nil)
            #expect(cleared["caps"] as? [String: Int] == ["max_tokens": 5])
            #expect(
                (cleared["reservation_ttl_override"] as? [String: Any])?["max_ttl_ms"] as? Int == 60_000, "\(cleared)")
            let bare = try await server.json("policy update \(id) --clear caps --clear times --priority 6")
            #expect(bare["caps"] == nil && bare["reservation_ttl_override"] == nil && bare["priority"] as? Int == 6)
            let list = try await server.lines("policy list acme")
            #expect(list.count == 2 && list[1].hasPrefix(id) && list[1].hasSuffix("DISABLED"), "\(list)")

            _ = try await server.lines("limits set acme --operations-per-minute 100 --event-streams 3")
            #expect(
                try await server.lines("limits set acme --event-streams unlimited --operations-per-day 5000") == [
                    "operations_per_minute    100", "operations_per_day       5000",
                    "concurrent_reservations  unlimited", "event_streams            unlimited",
                ])
            #expect(try await server.json("limits get acme")["operations_per_day"] as? Int == 5_000)

            let audit = try await server.lines(
                "audit list --tenant acme --operation createPolicy --operation updatePolicy")
            #expect(audit.count == 5 && audit[0].hasPrefix("TIME "), "\(audit)")
            #expect(audit[1].contains("updatePolicy") && audit[4].contains("createPolicy"), "\(audit)")
            #expect(audit.dropFirst().allSatisfy { $0.contains(id) && $0.contains("admin_on_behalf_of") }, "\(audit)")
        }
    }

    @Test("a refusal is its code, message and request id on standard error, with exit code 1 and no output")
    func refusals() async throws {
        try await AdminServer.run { server in
            let missing = try await server.holdfast("tenant get nobody --json")
            #expect(missing.code == 1 && missing.output.isEmpty)
            #expect(
                missing.errors.wholeMatch(
                    of: /holdfast: TENANT_NOT_FOUND: tenant_id: there is no such tenant \(request [0-9a-f]{32}\)\n/)
                    != nil, "\(missing.errors)")
            let wrongKey = try await server.holdfast("tenant list", more: ["HOLDFAST_ADMIN_API_KEY": "wrong"])
            #expect(wrongKey.code == 1 && wrongKey.errors.hasPrefix("holdfast: UNAUTHORIZED: "), "\(wrongKey.errors)")
            try await RunningProgram.inTemporaryFolder { folder in
                let file = folder.appending(path: "key").path
                try Data((AdminServer.adminKey + "\n").utf8).write(to: URL(filePath: file))
                let fromFile = try await server.holdfast(
                    "tenant list --admin-api-key-file '\(file)'", more: ["HOLDFAST_ADMIN_API_KEY": ""])
                #expect(fromFile.code == 0, "\(fromFile.errors)")
            }
            // Nothing of an argument leaves its place in the path.
            let path = try await server.holdfast("tenant get '../tenants?limit=1'")
            #expect(path.code == 1 && path.errors.contains("NOT_FOUND"), "\(path)")
        }
    }

    @Test("without key, server or a sensible address it says what is missing")
    func nobodyThere() async throws {
        let noKey = try await RunningProgram.holdfast("tenant", "list")
        #expect(noKey.code == 64)
        #expect(
            noKey.errors == "holdfast: the operator's key is missing: set HOLDFAST_ADMIN_API_KEY, or name a file with "
                + "it by --admin-api-key-file\n")
        let environment = ["HOLDFAST_ADMIN_API_KEY": "k"]
        let away = try await RunningProgram.holdfast(
            "tenant", "list", "--url", "http://127.0.0.1:1", environment: environment)
        #expect(away.code == 1)
        #expect(away.errors.hasPrefix("holdfast: http://127.0.0.1:1 cannot be reached: "), "\(away.errors)")
        #expect(away.errors.split(separator: "\n").count == 1)
        let funding = try await RunningProgram.holdfast(
            "budget", "fund", "tenant:acme", "--unit", "TOKENS", "--amount", "1", "--url", "http://127.0.0.1:1",
            environment: environment)
        #expect(funding.code == 1 && funding.errors.contains(/add --idempotency-key cli-[0-9a-f-]{36}\n/), "\(funding)")
        let odd = try await RunningProgram.holdfast(
            "tenant", "list", "--url", "redis://127.0.0.1", environment: environment)
        #expect(odd.code == 64)
        #expect(odd.errors == "holdfast: --url must be like http://127.0.0.1:7878, is redis://127.0.0.1\n")
        let unfinished = try await RunningProgram.holdfast("budget", "fund", environment: environment)
        #expect(unfinished.code == 64 && unfinished.errors.contains("Usage: holdfast budget fund"), "\(unfinished)")
        let rootless = try await RunningProgram.holdfast(
            "budget", "fund", "app:x", "--unit", "TOKENS", "--amount", "1", environment: environment)
        #expect(rootless.code == 64 && rootless.errors.contains("a scope begins with tenant:"), "\(rootless)")
    }

    @Test("the help of every verb says what it does and has an example, and no verb is left out")
    func help() throws {
        let verbs = [
            "tenant create", "tenant list", "tenant get", "tenant update", "tenant suspend", "tenant reactivate",
            "tenant close", "tenant bulk", "key create", "key list", "key get", "key update", "key revoke",
            "key validate",
            "key introspect", "budget create", "budget list", "budget lookup", "budget update", "budget fund",
            "budget debit", "budget reset", "budget reset-spent", "budget repay-debt", "budget freeze",
            "budget unfreeze", "budget bulk", "policy create", "policy list", "policy update", "limits get",
            "limits set", "jwt-keys get", "jwt-keys set", "webhook create", "webhook list", "webhook get",
            "webhook update", "webhook pause", "webhook resume", "webhook delete", "webhook test", "webhook replay",
            "webhook bulk", "webhook security get", "webhook security set", "delivery list", "delivery resend",
            "delivery dead-letters", "event list", "event get", "overview", "audit list",
        ]
        var found: [String] = []
        func visit(_ command: any ParsableCommand.Type, _ words: [String]) {
            let words = words + [command._commandName]
            let configuration = command.configuration
            guard configuration.subcommands.isEmpty else {
                return configuration.subcommands.forEach { visit($0, words) }
            }
            let verb = words.joined(separator: " ")
            found.append(verb)
            #expect(!configuration.abstract.isEmpty, "\(verb)")
            let example = configuration.discussion.contains("xample: ")
            #expect(example && configuration.discussion.contains("holdfast \(verb)"), "\(verb)")
        }
        for group in HoldfastCommand.configuration.groupedSubcommands.flatMap(\.subcommands) { visit(group, []) }
        #expect(found == verbs)
    }
}
