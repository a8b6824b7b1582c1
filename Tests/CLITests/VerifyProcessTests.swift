// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import Testing

@Suite("holdfast verify")
struct VerifyProcessTests {
    private func withRedis(_ body: (PrivateRedis) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        let result: Result<Void, any Error>
        do { result = .success(try await body(redis)) } catch { result = .failure(error) }
        await redis.remove()
        try result.get()
    }

    /// Sends commands as text to a Redis on a local socket.
    private func send(_ commands: String..., to redis: PrivateRedis) async throws {
        for command in commands {
            let ending = try await RunningProgram.shell("redis-cli -s '\(redis.socketPath)' \(command)")
            try #require(ending.code == 0 && !ending.output.hasPrefix("ERR"), "\(ending.output)\(ending.errors)")
        }
    }

    @Test("an installation that was never used is exit code 2 and one sentence")
    func notInstalled() async throws {
        try await withRedis { redis in
            let ending = try await RunningProgram.holdfast("verify", "--redis-url", redis.url)
            #expect(ending.code == 2)
            #expect(ending.output.isEmpty)
            #expect(
                ending.errors
                    == "holdfast verify: This Redis holds no Holdfast installation: no server has been started on it.\n"
            )
        }
    }

    @Test("a Redis that is away is exit code 2 and says where it should be, without the password")
    func away() async throws {
        let url = "redis://someone:secret@127.0.0.1:1/0"
        let ending = try await RunningProgram.holdfast("verify", environment: ["HOLDFAST_REDIS_URL": url])
        #expect(ending.code == 2)
        #expect(ending.errors.hasPrefix("holdfast verify: Redis "), "\(ending.errors)")
        #expect(ending.errors.contains("redis://someone:***@127.0.0.1:1/0"), "\(ending.errors)")
        #expect(ending.errors.split(separator: "\n").count == 1)
        #expect(!ending.errors.contains("secret"))
        let wrong = try await RunningProgram.holdfast("verify", "--redis-url", "http://secret")
        #expect(wrong.code == 2)
        #expect(wrong.errors == "holdfast verify: the Redis URL must begin with redis://, rediss:// or unix://\n")
    }

    @Test("a sound installation is exit code 0, a broken one 1, for people and as JSON")
    func soundAndBroken() async throws {
        try await withRedis { redis in
            // The shard of acme is 28 of 64.
            try await send(
                "hset hf:install shards 64 salt x created_ms 1", "set 'hf:{28}:t:acme' A1",
                "zadd 'hf:{28}:tenants' 1 acme", to: redis)
            let clean = try await RunningProgram.holdfast("verify", "--redis-url", redis.url)
            #expect(clean.code == 0)
            #expect(
                clean.output
                    == """
                    Checked 64 shards: 1 tenants, 0 ledgers, 0 live reservations, 0 locks, 0 registered resources, \
                    0 events, 0 webhook subscriptions, 0 deliveries.
                    No violations.

                    """)
            try await send(
                "set 'hf:{28}:t:acme:l:T:tenant:acme' '100 7 0 0 0 0'",
                #"eval "return redis.call('zadd', KEYS[1], 0, 'tenant:acme\\0T')" 1 'hf:{28}:t:acme:bud'"#, to: redis)
            let environment = ["HOLDFAST_REDIS_URL": redis.url]
            let broken = try await RunningProgram.holdfast("verify", "--passes", "1", environment: environment)
            #expect(broken.code == 1)
            #expect(
                broken.output
                    == """
                    Checked 64 shards: 1 tenants, 1 ledgers, 0 live reservations, 0 locks, 0 registered resources, \
                    0 events, 0 webhook subscriptions, 0 deliveries.
                    1 violations:

                    RULE  TENANT  SUBJECT                    EXPECTED  ACTUAL
                    I2    acme    ledger tenant:acme TOKENS  r = 0     r = 7
                          difference 7 over 0 live reservations; key hf:{28}:t:acme:l:T:tenant:acme

                    I2  a ledger's reserved amount is the sum of its live reservations

                    """)
            let json = try await RunningProgram.holdfast("verify", "--json", environment: environment)
            #expect(json.code == 1)
            let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            let violations = try #require(report["violations"] as? [[String: String]])
            #expect(violations.map { $0["invariant"] } == ["I2"])
            #expect(violations.map { $0["actual"] } == ["r = 7"])
        }
    }

    @Test(
        "flags that make no sense are exit code 64",
        arguments: [
            ["--passes", "0"], ["--passes", "many"], ["--lock-tolerance-ms", "-1"], ["--unheard-of"],
        ])
    func badFlags(flags: [String]) async throws {
        let program = RunningProgram.folder.appending(path: "holdfast")
        let ending = try await RunningProgram(program, ["verify"] + flags).ending()
        #expect(ending.code == 64)
        #expect(ending.errors.hasPrefix("Error: "))
    }

    @Test("help and version are printed")
    func helpAndVersion() async throws {
        let help = try await RunningProgram.holdfast("--help")
        #expect(help.code == 0)
        for word in ["dev", "verify", "USAGE"] { #expect(help.output.contains(word)) }
        let version = try await RunningProgram.holdfast("--version")
        #expect(version.code == 0)
        #expect(version.output.wholeMatch(of: /holdfast \d+\.\d+\.\d+\n/) != nil)
    }
}
