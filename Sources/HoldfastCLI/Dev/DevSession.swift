// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation
internal import LocalStack
internal import SharedKernel

/// Everything that runs during `holdfast dev`, from start to end.
struct DevSession {
    /// Why it did not come up: a sentence and an exit code.
    struct Failure: Error {
        /// EX_UNAVAILABLE: something that is needed is not there.
        static let unavailable: Int32 = 69

        let message: String
        var code: Int32 = 1
    }

    /// What runs so far, in the order of starting.
    private struct Running {
        var redis: PrivateRedis?
        var watch: SocketWatch?
        var programs: [ChildProcess] = []
        var logs: [Task<Void, Never>] = []
    }

    let port: Int
    let isVerbose: Bool

    private let events = DevEvents()

    init(port: Int, isVerbose: Bool) {
        self.port = port
        self.isVerbose = isVerbose
    }

    /// Starts everything, waits until it must end, and ends it. The exit code.
    func run() async -> Int32 {
        let events = events
        let signals = StopSignals { events.post(.stop) }
        var running = Running()
        var code: Int32
        do {
            Terminal.output(try await start(&running).text)
            code = report(await events.wait())
        } catch let interruption as DevEvents.Interruption {
            code = report(interruption.event)
        } catch let failure as Failure {
            Terminal.message("holdfast dev: \(failure.message)")
            code = failure.code
        } catch {
            Terminal.message("holdfast dev: \(error)")
            code = 1
        }
        await stop(running)
        withExtendedLifetime(signals) {}
        return code
    }

    // MARK: Start

    private func start(_ running: inout Running) async throws -> DevBanner {
        let server = try Self.sibling("holdfast-server")
        let worker = try Self.sibling("holdfast-worker")
        guard let port = try LoopbackSocket.freePort(port) else {
            throw Failure(
                message: "port \(port) is in use. Choose another with --port, or 0 for any that is free.",
                code: Failure.unavailable)
        }
        let redis = try await startRedis(&running)
        let adminKey = "admin_" + String(decoding: Base64URL.text(RandomBytes.make(24)), as: UTF8.self)
        let environment = Self.environment(redis: redis, port: port, adminKey: adminKey)
        try launch(server, environment, redis, &running)
        let http = LoopbackHTTP(port: port)
        try await waitUntilReady(http)
        let tenant = try DemoTenant(on: http, adminKey: adminKey)
        try launch(worker, environment, redis, &running)
        try events.check()
        return DevBanner(port: port, tenant: tenant, adminKey: adminKey, directory: redis.directory)
    }

    private func startRedis(_ running: inout Running) async throws -> PrivateRedis {
        var options = PrivateRedisOptions()
        options.persistence = .everySecond
        let redis: PrivateRedis
        do {
            redis = try await PrivateRedis.start(options)
        } catch {
            throw Failure(message: "\(error)", code: Failure.unavailable)
        }
        running.redis = redis
        let events = events
        let directory = redis.directory
        running.watch = SocketWatch(path: redis.socketPath) { events.post(Self.deathOfRedis(in: directory)) }
        try events.check()
        return redis
    }

    private func launch(
        _ program: URL, _ environment: [String: String], _ redis: PrivateRedis, _ running: inout Running
    ) throws {
        let events = events
        let log = LogFile(path: "\(redis.directory)/\(program.lastPathComponent).log")
        let (socket, directory) = (redis.socketPath, redis.directory)
        let child = try ChildProcess(program: program, environment: environment, logPath: log.path) { child, how in
            // What dies with Redis is not the reason.
            events.post(
                SocketWatch.isListening(path: socket)
                    ? .died(name: child.name, how: how, log: log.lastLines(20)) : Self.deathOfRedis(in: directory))
        }
        running.programs.append(child)
        guard isVerbose else { return }
        let name = child.name
        running.logs.append(Task { await log.follow { Terminal.message("\(name) | \($0)") } })
    }

    private static func deathOfRedis(in directory: String) -> DevEvents.Event {
        .died(name: "redis-server", how: "ended", log: LogFile(path: directory + "/redis.log").lastLines(20))
    }

    private func waitUntilReady(_ server: LoopbackHTTP) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        var last = "nothing"
        while true {
            try events.check()
            do {
                let answer = try server.send("GET", "/readyz")
                if answer.status == 200 { return }
                last = answer.summary
            } catch {
                last = "\(error)"
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(message: "the server did not become ready in 30 seconds; it last said: \(last)")
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// A program that was installed beside this one.
    private static func sibling(_ name: String) throws(Failure) -> URL {
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        let program = own.deletingLastPathComponent().appending(path: name)
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw Failure(
                message: "\(name) is not beside this program: there is no \(program.path). Build or install both.",
                code: Failure.unavailable)
        }
        return program
    }

    /// Ours, with what only we can know; a short time to shut down, because nobody waits for a balancer here.
    private static func environment(redis: PrivateRedis, port: Int, adminKey: String) -> [String: String] {
        let defaults = [
            "HOLDFAST_LOG_FORMAT": "text", "HOLDFAST_SHUTDOWN_SECONDS": "5", "HOLDFAST_WORKER_PORT": "0",
            "HOLDFAST_SECRET_KEY": String(decoding: Base64URL.text(RandomBytes.make(32)), as: UTF8.self),
        ]
        let decided = [
            "HOLDFAST_REDIS_URL": redis.url, "HOLDFAST_HOST": "127.0.0.1", "HOLDFAST_PORT": String(port),
            "HOLDFAST_ADMIN_API_KEY": adminKey,
        ]
        var environment = defaults.merging(ProcessInfo.processInfo.environment) { $1 }.merging(decided) { $1 }
        // It is refused together with the address of a local socket.
        environment["HOLDFAST_REDIS_CA_FILE"] = nil
        return environment
    }

    // MARK: End

    /// Says why it ends; the exit code.
    private func report(_ event: DevEvents.Event) -> Int32 {
        switch event {
        case .stop: return 0
        case .died(let name, let how, let log):
            let end = log.isEmpty ? "" : " The end of its log:\n\(log)"
            Terminal.message("holdfast dev: \(name) \(how).\(end)")
            return 1
        }
    }

    /// Worker, server, Redis: each loses what it needs only after it has ended.
    private func stop(_ running: Running) async {
        // From here on an end is no surprise.
        events.post(.stop)
        for program in running.programs.reversed() { await program.stop() }
        for log in running.logs {
            log.cancel()
            await log.value
        }
        running.watch?.cancel()
        await running.redis?.remove()
    }
}
