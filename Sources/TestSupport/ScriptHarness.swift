// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Foundation
package import LocalStack
package import LuaBundling
package import LuaCatalog
internal import NIOCore
internal import NIOPosix
package import RedisClient

/// The scripts of the catalogue on a `redis-server` of their own, with a clock that stands still until it is set.
///
/// The scripts are bundled from the Lua folder at run time, so that a test sees the files as they are. Every call is
/// held against the header of the script: numbers of keys and arguments, and the shape of the reply.
package final class ScriptHarness: Sendable {
    /// The server.
    package let redis: PrivateRedis
    /// The scripts by name, with the test clock.
    package let scripts: [String: LuaScript]

    private let pool: RedisPool
    private let group: MultiThreadedEventLoopGroup

    /// The Lua folder of this package, found from the place of this file.
    package static let luaFolder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "lua")

    /// The scripts below `root` by name, with the test clock; `overrides` stand in for includes.
    package static func bundle(
        root: URL = ScriptHarness.luaFolder, overrides: [String: IncludeOverride] = [:]
    ) throws -> [String: LuaScript] {
        var scripts: [String: LuaScript] = [:]
        for bundled in try Bundler(root: root, overrides: overrides).bundleAll() {
            scripts[bundled.name] = try LuaScript(withTestClock: bundled)
        }
        return scripts
    }

    /// Starts a server and loads scripts into it; call ``end()`` in the end.
    package static func start(
        _ scripts: [String: LuaScript], _ options: PrivateRedisOptions = .init()
    ) async throws -> ScriptHarness {
        let redis = try await PrivateRedis.start(options)
        var configuration = RedisConfiguration(endpoint: .unix(path: redis.socketPath))
        configuration.commandTimeout = .seconds(30)
        configuration.connectionWait = .seconds(5)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loads = scripts.values.map { RedisCommand("SCRIPT", "LOAD", $0.source) }
        let pool = try RedisPool(configuration: configuration, group: group, onConnect: loads)
        let harness = ScriptHarness(redis: redis, scripts: scripts, pool: pool, group: group)
        pool.start()
        do {
            try await pool.waitUntilReady(within: .seconds(15))
        } catch {
            await harness.end()
            throw error
        }
        return harness
    }

    private init(
        redis: PrivateRedis, scripts: [String: LuaScript], pool: RedisPool, group: MultiThreadedEventLoopGroup
    ) {
        self.redis = redis
        self.scripts = scripts
        self.pool = pool
        self.group = group
    }

    /// Ends the connection and the server, and removes its directory.
    package func end() async {
        await self.pool.shutdown()
        try? await self.group.shutdownGracefully()
        await self.redis.remove()
    }

    // MARK: Redis

    /// Sends a command and returns its reply; an error reply is thrown.
    @discardableResult
    package func command(_ words: ByteText...) async throws -> RedisReply {
        try await self.pool.send(RedisCommand(words.map(\.bytes)))
    }

    /// Sends a command made of a list of words.
    @discardableResult
    package func command(_ words: [ByteText]) async throws -> RedisReply {
        try await self.pool.send(RedisCommand(words.map(\.bytes)))
    }

    /// The bytes that a command replies with, or the digits of an integer; nil for any other reply.
    package func text(_ words: ByteText...) async throws -> ByteText? {
        let reply = try await self.command(words)
        return reply.bytes.map { ByteText($0) } ?? reply.integer.map { ByteText($0) }
    }

    /// Empties the database and sets the clock; scripts stay loaded.
    package func reset(clockUs: Int64) async throws {
        try await self.command("FLUSHALL")
        try await self.setClock(us: clockUs)
    }

    /// What the database holds now, without the clock.
    package func snapshot() async throws -> KeyspaceSnapshot {
        let reply = try await self.command("EVAL", KeyspaceSnapshot.script, "0")
        guard let snapshot = KeyspaceSnapshot(reply, ignoring: "hf:test:") else {
            throw ContractBreach(description: "the snapshot script has another reply than expected")
        }
        return snapshot
    }

    // MARK: Clock

    /// Sets the clock of the scripts, microseconds since the epoch.
    package func setClock(us: Int64) async throws {
        try await self.command("SET", TestClock.key, ByteText(us))
    }

    /// Sets the clock of the scripts to a full millisecond.
    package func setClock(ms: Int64) async throws {
        try await self.setClock(us: ms * 1000)
    }

    // MARK: Scripts

    /// Runs a script by its name. Error replies are answers too; anything the header does not declare is thrown.
    package func run(_ name: String, keys: [ByteText], _ arguments: ScriptArguments) async throws -> ScriptAnswer {
        guard let script = self.scripts[name] else { throw ContractBreach(description: "there is no script \(name)") }
        guard script.accepts(keyCount: keys.count) else {
            throw ContractBreach(description: "\(name) takes another number of keys")
        }
        let words = try arguments.words(for: script)
        let command = RedisCommand.evalsha(
            sha: Array(script.sha1.utf8), keys: keys.map(\.bytes), arguments: words.map(\.bytes))
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await self.pool.send(command)
        } catch {
            guard let failure = error.serverError else { throw error }
            return .failure(failure)
        }
        return try Self.answer(reply, of: script)
    }

    /// Runs Lua text that is no script of the catalogue, such as a spec of an include, and returns the texts it replies
    /// with; throws when it replies with anything else.
    package func evaluate(
        _ source: String, keys: [ByteText] = [], arguments: [ByteText] = []
    ) async throws -> [ByteText] {
        let reply = try await self.command(["EVAL", ByteText(source), ByteText(keys.count)] + keys + arguments)
        let texts = reply.array?.compactMap(\.bytes).map { ByteText($0) }
        guard let texts, texts.count == reply.array?.count else {
            throw ContractBreach(description: "the text replied with something else than texts")
        }
        return texts
    }

    private static func answer(_ reply: RedisReply, of script: LuaScript) throws -> ScriptAnswer {
        guard let elements = reply.array, case .bulk(let word)? = elements.first else {
            throw ContractBreach(description: "\(script.name) replied without a word: \(reply)")
        }
        let fields = elements.dropFirst().compactMap { ScriptField($0) }
        let isDeclared = script.replies.contains { declared in
            declared.word.utf8.elementsEqual(word) && fields.count == elements.count - 1
                && (declared.isVariadic
                    ? fields.count >= declared.fields.count - 1 : fields.count == declared.fields.count)
        }
        guard isDeclared else {
            throw ContractBreach(
                description: "\(script.name) replied \(ByteText(word)) with \(elements.count - 1) fields, "
                    + "which its header does not declare")
        }
        return .reply(ByteText(word), fields)
    }
}
