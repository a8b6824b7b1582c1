// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

/// A `redis-server` of our own, for tests, benchmarks and development: it shares nothing with any other.
///
/// It lives in a temporary directory and listens on a local socket. ``remove()`` ends it and removes the directory; so
/// does the end of this object or of this process, even by SIGKILL.
package final class PrivateRedis: Sendable {
    /// The oldest version that runs our scripts.
    package static let neededVersion = "7.0"

    /// The directory with the socket, the configuration, the log and the data.
    package let directory: String
    /// The path of the local socket.
    package let socketPath: String
    /// The port without TLS, if asked for. It stays the same across restarts.
    package let tcpPort: Int?
    /// The port with TLS, if asked for. It stays the same across restarts.
    package let tlsPort: Int?

    private let watchdog: Watchdog
    // Words to the watchdog block; they must not do so on a thread of the cooperative pool.
    private let queue = DispatchQueue(label: "holdfast.private-redis")

    /// The URL of the local socket, without a password.
    package var url: String { "unix://\(self.socketPath)" }

    /// Starts a server and waits until it answers.
    package static func start(_ options: PrivateRedisOptions = .init()) async throws(LocalStackError) -> PrivateRedis {
        let program = try self.find(options.program)
        let result: Result<PrivateRedis, LocalStackError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(LocalStackError) in
                        try self.launch(program: program, options)
                    })
            }
        }
        return try result.get()
    }

    private init(watchdog: Watchdog, tcpPort: Int?, tlsPort: Int?) {
        self.watchdog = watchdog
        self.directory = watchdog.directory
        self.socketPath = watchdog.directory + "/redis.sock"
        self.tcpPort = tcpPort
        self.tlsPort = tlsPort
    }

    // MARK: Life

    /// Ends the server with SIGTERM and waits for its end. Directory and ports are kept for ``restart()``.
    package func stop() async throws(LocalStackError) {
        try await self.say("stop")
    }

    /// Ends the server with SIGKILL and waits for its end. Directory and ports are kept for ``restart()``.
    package func kill() async throws(LocalStackError) {
        try await self.say("kill")
    }

    /// Starts the server again on the same directory and ports, after ending it if it runs, and waits until it answers.
    package func restart() async throws(LocalStackError) {
        try await self.onQueue { () throws(LocalStackError) in
            _ = try self.watchdog.ask("stop")
            try self.begin()
        }
    }

    /// Makes the server hang (SIGSTOP): connections stay open and nothing is answered.
    package func pause() async throws(LocalStackError) {
        try await self.say("pause")
    }

    /// Lets a hanging server go on.
    package func resume() async throws(LocalStackError) {
        try await self.say("resume")
    }

    /// Ends the server and removes its directory; waits for both. Nothing can be done with it afterwards.
    package func remove() async {
        await withCheckedContinuation { continuation in
            self.queue.async {
                self.watchdog.end()
                continuation.resume()
            }
        }
    }

    private func say(_ word: String) async throws(LocalStackError) {
        try await self.onQueue { () throws(LocalStackError) in _ = try self.watchdog.ask(word) }
    }

    private func onQueue(
        _ body: @escaping @Sendable () throws(LocalStackError) -> Void
    ) async throws(LocalStackError) {
        let result: Result<Void, LocalStackError> = await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume(returning: Result { () throws(LocalStackError) in try body() }) }
        }
        try result.get()
    }

    // MARK: Start

    private static func launch(
        program: String,
        _ options: PrivateRedisOptions
    ) throws(LocalStackError) -> PrivateRedis {
        var attemptsLeft = 3
        while true {
            do {
                let redis = PrivateRedis(
                    watchdog: try Watchdog(program: program, base: self.temporaryDirectory()),
                    tcpPort: options.listensOnTCP ? try LocalSocket.freePort() : nil,
                    tlsPort: options.tls != nil ? try LocalSocket.freePort() : nil
                )
                try self.checkVersion(try redis.watchdog.ask("version"))
                try redis.configure(options)
                try redis.begin()
                return redis
            } catch LocalStackError.redisDidNotStart(let log) {
                // Another process may have taken the port since we looked.
                attemptsLeft -= 1
                let usesPorts = options.listensOnTCP || options.tls != nil
                guard usesPorts, attemptsLeft > 0 else { throw .redisDidNotStart(log: log) }
            }
        }
    }

    private func configure(_ options: PrivateRedisOptions) throws(LocalStackError) {
        let text = options.configuration(
            directory: self.directory,
            socket: self.socketPath,
            tcpPort: self.tcpPort,
            tlsPort: self.tlsPort
        )
        do {
            try text.write(toFile: self.directory + "/redis.conf", atomically: false, encoding: .utf8)
        } catch {
            throw .system(call: "write", code: EIO)
        }
    }

    /// Starts the process and waits until it answers; blocks the thread, at most 15 seconds.
    private func begin() throws(LocalStackError) {
        _ = try self.watchdog.ask("start")
        let deadline = ContinuousClock.now + .seconds(15)
        while !LocalSocket.answersPing(path: self.socketPath) {
            guard try self.watchdog.ask("alive") == "yes", .now < deadline else {
                throw .redisDidNotStart(log: self.endOfLog())
            }
            usleep(2000)
        }
    }

    /// Reads the line that `redis-server --version` prints; throws unless it tells a version that is new enough.
    static func checkVersion(_ line: String) throws(LocalStackError) {
        guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("v=") }) else {
            throw .redisTooOld(found: line, needed: Self.neededVersion)
        }
        let version = word.dropFirst(2)
        let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
        guard major >= 7 else { throw .redisTooOld(found: String(version), needed: Self.neededVersion) }
    }

    private func endOfLog() -> String {
        let log = (try? String(contentsOfFile: self.directory + "/redis.log", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    /// The system's directory for temporary files, if a socket path below it is short enough for the system.
    private static func temporaryDirectory() -> String {
        guard let base = getenv("TMPDIR").map({ String(cString: $0) }), base.hasPrefix("/"), base.utf8.count <= 70
        else {
            return "/tmp"
        }
        return base.hasSuffix("/") ? String(base.dropLast()) : base
    }

    private static func find(_ program: String) throws(LocalStackError) -> String {
        if program.contains("/") {
            guard access(program, X_OK) == 0 else { throw .redisServerMissing(name: program) }
            return program
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        for directory in path.split(separator: ":") where access("\(directory)/\(program)", X_OK) == 0 {
            return "\(directory)/\(program)"
        }
        throw .redisServerMissing(name: program)
    }
}
