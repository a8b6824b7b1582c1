// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import NIOCore
import NIOPosix

/// Measures webhooks from the event to the endpoint, beside plain POSTs of the same size to the same endpoint.
struct WebhookTable {
    /// A distribution of times, µs.
    struct Times {
        let p50: Int64
        let p99: Int64
        let count: Int

        init(_ samples: [Int64]) {
            let sorted = samples.sorted()
            count = sorted.count
            p50 = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            p99 = sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
        }
    }

    private let stage: WebhookStage
    private let seconds: Int
    private var plain: [Int: LoadResult] = [:]
    private var rows: [(String, Times)] = []

    /// What one run of the whole table takes: a rate, endpoints and a backlog.
    private static let perSecond = 100
    private static let backlog = 20_000

    /// Rows of so many seconds each.
    init(_ stage: WebhookStage, seconds: Int) {
        self.stage = stage
        self.seconds = max(seconds, 10)
    }

    /// Measures everything and prints the table.
    mutating func run() async throws {
        for connections in [1, 20] { plain[connections] = try await plainPosts(connections) }
        _ = stage.sink.take()
        try stage.startWorker()
        for _ in 0..<10 { try await stage.addTenant() }
        try await warmUp()
        try await measure("event to POST, \(Self.perSecond) events/s over 10 endpoints", endpoints: 10, hanging: 0)
        for _ in 0..<9 { try await stage.addTenant() }
        try await stage.addTenant(path: HookSink.hangingPath)
        try await measure("the same over 20, one of which hangs: the other 19", endpoints: 20, hanging: 1)
        try await stage.remove(path: HookSink.hangingPath)
        try await stage.addTenant()
        report(drain: try await drain())
    }

    private func warmUp() async throws {
        try await stage.events(200)
        try await stage.wait(for: 200)
        _ = stage.sink.take()
    }

    private mutating func measure(_ name: String, endpoints: Int, hanging: Int) async throws {
        try await stage.events(perSecond: Self.perSecond, seconds: seconds)
        let expected = Self.perSecond * seconds * (endpoints - hanging) / endpoints
        try await stage.wait(for: expected)
        try await Task.sleep(for: .seconds(1))
        let arrivals = stage.sink.take().filter { $0.path != HookSink.hangingPath }
        guard arrivals.count == expected else { throw BenchError("\(arrivals.count) of \(expected) deliveries came") }
        rows.append((name, Times(arrivals.map { $0.at_us - $0.event_us })))
        print("measured \(name)")
        fflush(nil)
    }

    /// Deliveries per second of a backlog, and the worker's CPU time for each, µs.
    private func drain() async throws -> (perSecond: Double, worker_us: Double?) {
        stage.stopWorker()
        try await stage.events(Self.backlog)
        _ = stage.sink.take()
        try stage.startWorker()
        try await stage.wait(for: Self.backlog)
        let cpu = stage.workerPID.flatMap { ProcessMeter(pid: $0).cpuSeconds() }
        let times = stage.sink.take().map(\.at_us)
        guard let first = times.min(), let last = times.max(), last > first else { throw BenchError("nothing came") }
        return (
            Double(times.count) / (Double(last - first) / 1e6), cpu.map { $0 * 1e6 / Double(Self.backlog) }
        )
    }

    /// What the endpoint takes from connections that post without a pause.
    private func plainPosts(_ connections: Int) async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let holder = try await loop.submit { NIOLoopBound(LoadRecord(), eventLoop: loop) }.get()
        for _ in 0..<connections {
            _ = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            LoadHandler(workload: PostHook(path: "/plain"), record: holder.value))
                    }
                }
                .connect(host: "127.0.0.1", port: stage.sink.port).get()
        }
        try await Task.sleep(for: .milliseconds(300))
        let begin = DispatchTime.now().uptimeNanoseconds
        try await loop.submit { holder.value.isCounting = true }.get()
        try await Task.sleep(for: .seconds(3))
        let result = try await loop.submit {
            let record = holder.value
            record.isStopping = true
            return LoadResult(
                answers: record.answers, failures: record.failures, firstFailure: record.firstFailure,
                p50_us: Double(record.latency.valueAtPercentile(50)) / 1e3,
                p99_us: Double(record.latency.valueAtPercentile(99)) / 1e3)
        }.get()
        let elapsed = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        try await group.shutdownGracefully()
        return result.timed(elapsed, server: nil, redis: nil)
    }

    private func report(drain: (perSecond: Double, worker_us: Double?)) {
        print("\n\(ReportTable.machine()), \(seconds) s a row\n")
        print("| webhooks | deliveries | p50 ms | p99 ms | p99 beside the first row |")
        print("|---|---|---|---|---|")
        if let one = plain[1] {
            let (p50, p99) = (text(one.p50_us / 1e3), text(one.p99_us / 1e3))
            print("| plain POSTs to the same endpoint, one connection | \(one.answers) | \(p50) | \(p99) | 1 |")
            for (name, times) in rows {
                let ratio = text(Double(times.p99) / max(1, one.p99_us))
                print(
                    "| \(name) | \(times.count) | \(text(Double(times.p50) / 1e3)) | \(text(Double(times.p99) / 1e3)) "
                        + "| \(ratio) |")
            }
        }
        print("\n| \(Self.backlog) events that wait, over 20 endpoints | per second | worker µs each | share |")
        print("|---|---|---|---|")
        guard let many = plain[20] else { return }
        print("| plain POSTs over 20 connections | \(Int(many.perSecond)) | | 100 % |")
        print(
            "| deliveries of one worker | \(Int(drain.perSecond)) | \(drain.worker_us.map { text($0) } ?? "-") | "
                + "\(text(100 * drain.perSecond / many.perSecond)) % |")
    }

    private func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
