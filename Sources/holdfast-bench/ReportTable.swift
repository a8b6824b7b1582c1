// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// One measurement over HTTP.
struct LoadResult: Sendable {
    var answers: Int
    var failures: Int
    var firstFailure: String?
    var p50_us: Double
    var p99_us: Double
    var seconds = 1.0
    /// CPU seconds used in that time; nil where the kernel does not tell.
    var server: Double?
    var redis: Double?

    func timed(_ seconds: Double, server: Double?, redis: Double?) -> LoadResult {
        var copy = self
        copy.seconds = seconds
        copy.server = server
        copy.redis = redis
        return copy
    }

    var perSecond: Double { Double(answers) / seconds }
}

/// What Redis alone does with one kind of script call.
struct AloneResult: Sendable {
    var callsPerSecond: Double
    /// CPU microseconds of Redis' main thread per call.
    var redis_us: Double
}

/// Prints measurements as one Markdown table each; the share compares HTTP with Redis alone in the same run.
struct ReportTable {
    private var rows: [(LoadKind, Int, LoadResult)] = []

    mutating func add(_ kind: LoadKind, connections: Int, _ result: LoadResult) {
        rows.append((kind, connections, result))
        print(
            "measured \(kind.rawValue) at \(connections) connections: \(Int(result.perSecond)) requests/s")
        // Whoever writes this to a file wants to see how far it is, too.
        fflush(nil)
    }

    func finish(alone: [String: AloneResult], aof: String, seconds: Int) {
        print("\n\(Self.machine()), \(seconds) s a row, AOF \(aof)\n")
        print(
            "| load | connections | requests/s | p50 µs | p99 µs | server µs/request | Redis µs/request "
                + "| share of Redis alone |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for (kind, connections, result) in rows {
            let pair = kind == .budgets ? ["reserve", "commit"] : ["acquire", "release"]
            let limit = 2 / pair.reduce(0) { $0 + 1 / (alone[$1]?.callsPerSecond ?? .infinity) }
            print(
                "| \(kind.rawValue) | \(connections) | \(Int(result.perSecond)) | \(Int(result.p50_us)) | "
                    + "\(Int(result.p99_us)) | \(perRequest(result.server, result)) | "
                    + "\(perRequest(result.redis, result)) | "
                    + "\(Int(100 * result.perSecond / limit)) % |")
        }
        print("\n| Redis alone, 64 calls on their way | calls/s | Redis µs/call |")
        print("|---|---|---|")
        for name in ["reserve", "commit", "acquire", "release"] {
            guard let result = alone[name] else { continue }
            print("| \(name) | \(Int(result.callsPerSecond)) | \(String(format: "%.1f", result.redis_us)) |")
        }
    }

    private func perRequest(_ cpu: Double?, _ result: LoadResult) -> String {
        guard let cpu, result.answers > 0 else { return "-" }
        return String(format: "%.1f", cpu * 1e6 / Double(result.answers))
    }

    static func machine() -> String {
        let info = ProcessInfo.processInfo
        let day = Date().formatted(.iso8601.year().month().day())
        return "\(day), \(info.activeProcessorCount) cores, \(info.operatingSystemVersionString)"
    }
}
