// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Dispatch
import RedisClient
import SharedKernel

/// What a page of a long list costs: of a million reservations, and of ten thousand budgets.
struct ListTable {
    private static let reservations = 1_000_000
    private static let budgets = 10_000

    private let stage: Stage
    private var rows: [String] = []

    init(_ stage: Stage) { self.stage = stage }

    /// Fills a tenant of its own and measures a page of each kind.
    mutating func measure() async throws {
        let key = try await stage.addTenant("lists")
        guard let tenant = TenantID("lists") else { throw BenchError("no tenant") }
        let keys = try await stage.rawRedis().keys(of: tenant)
        try await fill(keys)
        let tenantHeader = ["X-Cycles-API-Key": key]
        for query in [
            "", "sort_by=created_at_ms&sort_dir=asc", "status=ACTIVE", "sort_by=reserved",
            "sort_by=status&sort_dir=asc",
            "sort_by=scope_path", "sort_by=expires_at_ms&agent=a7",
        ] {
            try await measure("/v1/reservations?limit=50&\(query)", "reservations", tenantHeader)
        }
        for query in ["sort_by=scope&sort_dir=asc", "sort_by=utilization", "has_debt=true", "search=a0999"] {
            try await measure("/v1/admin/budgets?limit=50&\(query)", "budgets", tenantHeader)
        }
    }

    private func fill(_ keys: [[UInt8]]) async throws {
        // The records of these rows are not there, as after their retention: a page shows none and costs as much.
        let directory = """
            local now = redis.call('TIME')[1] * 1000
            for chunk = ARGV[1] + 0, ARGV[1] + 9 do
                local rows = {}
                for i = 0, 999 do
                    local n = chunk * 1000 + i
                    local state = n % 997 == 0 and 'A' or 'C'
                    rows[#rows + 1] = struct.pack('>c1I6I6I2I8I6I8I8I8I4c1c6', state, state == 'C' and now or 0,
                        now + 3000000, 5000, 5, now - 1000000 + n, n * 7919 % 1000003, n, n * 31, n % 200, 'T',
                        '\\0\\0\\0\\0\\0\\0')
                end
                redis.call('SET', KEYS[1] .. ':d:' .. string.format('%07d', chunk), table.concat(rows))
            end
            """
        for chunk in stride(from: 0, to: Self.reservations / 1_000, by: 10) {
            try await stage.evaluate(directory, keys[1], [String(chunk)])
        }
        let others = """
            redis.call('SET', KEYS[1] .. ':n', ARGV[1])
            for i = 0, 199 do
                redis.call('HSET', KEYS[1] .. ':sn', i, 'tenant:lists/agent:a' .. i)
                redis.call('HSET', KEYS[1] .. ':sp', 'tenant:lists/agent:a' .. i, i)
            end
            for i = 0, ARGV[2] - 1 do
                local path = string.format('tenant:lists/agent:a%05d', i)
                redis.call('SET', KEYS[1] .. ':l:T:' .. path, '10000 0 ' .. (i * 7919) % 10000 .. ' 0 0 0')
                redis.call('SET', KEYS[1] .. ':lt:T:' .. path, '1700000000000\\0001700000000000\\0{"ledger_id":"ldg_'
                    .. string.format('%022d', i) .. '","rollover_policy":"NONE"}\\0')
                redis.call('ZADD', KEYS[1] .. ':bud', 0, path .. '\\0T')
            end
            """
        try await stage.evaluate(others, keys[1], [String(Self.reservations), String(Self.budgets)])
    }

    private mutating func measure(_ target: String, _ what: String, _ headers: [String: String]) async throws {
        for command in [
            ["CONFIG", "RESETSTAT"], ["SLOWLOG", "RESET"], ["CONFIG", "SET", "slowlog-log-slower-than", "5000"],
        ] {
            _ = try await stage.pool.send(RedisCommand(command.map { [UInt8]($0.utf8) }))
        }
        let begin = DispatchTime.now().uptimeNanoseconds
        let (status, body) = try await HTTPOnce.send("GET", target, headers: headers, port: stage.port)
        let ms = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e6
        guard status == 200 else { throw BenchError("\(target): \(status) \(body)") }
        let info = try await stage.pool.send(RedisCommand("INFO", "commandstats")).text ?? ""
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_evalsha:") } ?? ""
        func number(_ name: String) -> Int {
            line.split(whereSeparator: { $0 == "," || $0 == ":" }).first { $0.hasPrefix(name + "=") }
                .flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
        }
        let slow = try await stage.pool.send(RedisCommand("SLOWLOG", "LEN")).integer ?? 0
        let query = target.split(separator: "&", maxSplits: 1).dropFirst().first.map(String.init) ?? "default"
        let calls = number("calls")
        let mean = calls == 0 ? 0 : number("usec") / calls
        rows.append(
            "| \(what), \(query) | \(calls) | \(number("usec")) | \(mean) | \(slow) | \((ms * 10).rounded() / 10) |")
    }

    /// Prints the table.
    func report() {
        print("\n1,000,000 reservations and 10,000 budgets in one tenant, a page of 50\n")
        print("| list | script calls | Redis µs in all | Redis µs a call | calls over 5 ms | ms in all |")
        print("|---|---|---|---|---|---|")
        for row in rows { print(row) }
    }
}

extension Stage {
    /// Another tenant, by the admin API; its API key.
    fileprivate func addTenant(_ name: String) async throws -> String {
        let admin = ["X-Admin-API-Key": "bench-admin"]
        let tenant = try await HTTPOnce.send(
            "POST", "/v1/admin/tenants", headers: admin, body: #"{"tenant_id":"\#(name)","name":"Bench"}"#, port: port)
        guard (200...201).contains(tenant.status) else { throw BenchError(tenant.body) }
        let key = try await HTTPOnce.send(
            "POST", "/v1/admin/api-keys", headers: admin, body: #"{"tenant_id":"\#(name)","name":"bench"}"#, port: port)
        guard let at = key.body.range(of: #""key_secret":""#), let end = key.body[at.upperBound...].firstIndex(of: "\"")
        else { throw BenchError("no key_secret in \(key.body)") }
        return String(key.body[at.upperBound..<end])
    }

    fileprivate func evaluate(_ source: String, _ key: [UInt8], _ arguments: [String]) async throws {
        let words = [[UInt8]("EVAL".utf8), [UInt8](source.utf8), [UInt8]("1".utf8), key]
        let reply = try await pool.send(RedisCommand(words + arguments.map { [UInt8]($0.utf8) }))
        if case .error(let error) = reply { throw BenchError("\(error)") }
    }
}

extension RawRedis {
    /// KEYS of scripts about a tenant, in the installation of the bench.
    fileprivate func keys(of tenant: TenantID) -> [[UInt8]] { Keyspace(shardCount: 64).keys(of: tenant) }
}
