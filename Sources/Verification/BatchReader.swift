// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
internal import RedisClient

/// Reads many keys in few round trips, on one connection and without writing anything.
struct BatchReader: Sendable {
    /// Commands handed over at once, far below what a connection holds.
    private static let chunk = 1_000

    private let connection: RedisConnection

    init(pool: RedisPool, group: any EventLoopGroup) {
        connection = pool.connection(on: group.next())
    }

    /// The replies in order. A key of another type gives `.error`; any other failure is thrown.
    func read(_ commands: [RedisCommand]) async throws(VerificationError) -> [RedisReply] {
        var replies: [RedisReply] = []
        replies.reserveCapacity(commands.count)
        var rest = commands[...]
        while !rest.isEmpty {
            for result in await exchange(rest.prefix(Self.chunk)) { replies.append(try Self.tolerate(result)) }
            rest = rest.dropFirst(Self.chunk)
        }
        return replies
    }

    /// The same, all of it at one instant.
    func readAtOnce(_ commands: [RedisCommand]) async throws(VerificationError) -> [RedisReply] {
        let results = await exchange([RedisCommand("MULTI")] + commands + [RedisCommand("EXEC")])
        for result in results {
            if case .failure(let error) = result { throw .unavailable(error) }
        }
        guard case .success(.array(let replies))? = results.last, replies.count == commands.count else {
            throw .unexpectedReply(to: "EXEC")
        }
        for case .error(let error) in replies where error.kind != .wrongType {
            throw .unavailable(.server(error))
        }
        return replies
    }

    /// The reply of one command.
    func read(_ command: RedisCommand) async throws(VerificationError) -> RedisReply {
        try await read([command])[0]
    }

    /// Hands over page by page what the cursor of a SCAN, ZSCAN or HSCAN goes through; nothing for a key of another
    /// type.
    func pages(
        _ command: (_ cursor: [UInt8]) -> RedisCommand,
        _ body: ([[UInt8]]) async throws(VerificationError) -> Void
    ) async throws(VerificationError) {
        var cursor: [UInt8] = [48]
        repeat {
            let parts = try await read(command(cursor)).array ?? []
            guard parts.count == 2, let next = parts[0].bytes else { return }
            try await body(parts[1].members)
            cursor = next
        } while cursor != [48]
    }

    private static func tolerate(_ result: Result<RedisReply, RedisError>) throws(VerificationError) -> RedisReply {
        switch result {
        case .success(let reply): return reply
        case .failure(let error):
            if let reply = error.serverError, reply.kind == .wrongType { return .error(reply) }
            throw .unavailable(error)
        }
    }

    /// Writes the commands back to back, so that nothing of another caller comes between them.
    private func exchange(_ commands: some Collection<RedisCommand> & Sendable) async -> [Result<
        RedisReply, RedisError
    >] {
        guard !commands.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            connection.eventLoop.execute {
                let replies = GatheredReplies(count: commands.count) { continuation.resume(returning: $0) }
                for (index, command) in commands.enumerated() {
                    connection.send(command) { replies.set($0, at: index) }
                }
            }
        }
    }
}

/// The replies of one exchange as they come; lives on the event loop of the connection.
private final class GatheredReplies {
    private let completion: ([Result<RedisReply, RedisError>]) -> Void
    private var results: [Result<RedisReply, RedisError>]
    private var missing: Int

    init(count: Int, completion: @escaping ([Result<RedisReply, RedisError>]) -> Void) {
        self.completion = completion
        missing = count
        results = Array(repeating: .success(.null), count: count)
    }

    /// A call that is refused completes at once, before earlier ones: so each has its place.
    func set(_ result: Result<RedisReply, RedisError>, at index: Int) {
        results[index] = result
        missing -= 1
        if missing == 0 { completion(results) }
    }
}
