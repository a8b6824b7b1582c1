// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
internal import HTTPTypes
package import Logging
package import Observability
internal import SharedKernel
internal import Synchronization

/// What is measured and logged about requests: one histogram and counter per operation, one debug line per request, one
/// error line per fault and per row that cannot be read.
package struct RequestJournal: Sendable {
    private let registry: PrometheusRegistry
    private let logger: Logger
    private let meters = MeterCache()
    private let outage = OutageLog()
    private let unreadable = UnreadableLog()

    /// A journal into this registry and logger.
    package init(registry: PrometheusRegistry, logger: Logger) {
        self.registry = registry
        self.logger = logger
        registry.describe("holdfast_unreadable_rows_total", "Rows that lists met and could not read.")
    }

    /// Records a request that was answered.
    func record(
        _ request: APIRequest, endpoint: Endpoint?, surface: Surface, status: HTTPResponse.Status, nanoseconds: UInt64,
        tenant: TenantID?
    ) {
        let operation = endpoint?.name ?? "unmatched"
        meters.record(operation, status: status.code, nanoseconds: nanoseconds, registry)
        logger.debug(
            "request",
            metadata: .keyed([
                .requestID: .string(String(decoding: request.correlation.requestID, as: UTF8.self)),
                .traceID: .string(String(decoding: request.correlation.traceID, as: UTF8.self)),
                .method: .string(request.method.rawValue), .route: .string(operation),
                .status: .stringConvertible(status.code),
                .durationSeconds: .stringConvertible(Double(nanoseconds) / 1e9),
                .tenant: .string(tenant?.description ?? ""),
            ]))
    }

    /// Records a fault.
    func record(_ fault: ScriptFault, _ request: APIRequest, _ endpoint: Endpoint) {
        let metadata: Logger.Metadata = .keyed([
            .requestID: .string(String(decoding: request.correlation.requestID, as: UTF8.self)),
            .traceID: .string(String(decoding: request.correlation.traceID, as: UTF8.self)),
            .route: .string(endpoint.name), .error: .string(fault.description),
        ])
        if fault.isUnavailable {
            // While Redis is away every request fails: one line a second says so.
            guard let suppressed = outage.admit(nowNs: DispatchTime.now().uptimeNanoseconds) else { return }
            logger.warning(
                "store not available",
                metadata: metadata.merging(.keyed([.suppressed: .stringConvertible(suppressed)])) { $1 })
        } else {
            logger.error("script fault", metadata: metadata)
        }
    }

    /// Logs what an answer has to tell the operator.
    func record(_ notices: [LogNotice], tenant: TenantID?) {
        for notice in notices {
            switch notice {
            case .overLimit(let scope, let debt, let limit):
                logger.warning(
                    "scope entered over-limit",
                    metadata: .keyed([
                        .tenant: .string(tenant?.description ?? ""),
                        .scope: .string(String(decoding: scope, as: UTF8.self)), .debt: .stringConvertible(debt),
                        .overdraftLimit: .stringConvertible(limit),
                    ]))
            case .unreadable(let row): record(row)
            }
        }
    }

    /// Counts a row that cannot be read, and logs it the first time.
    private func record(_ row: UnreadableRow) {
        registry.counter("holdfast_unreadable_rows_total", labels: [("kind", row.kind.rawValue)]).increment()
        guard unreadable.admit(row) else { return }
        logger.error(
            "row cannot be read",
            metadata: .keyed([
                .resource: .string(String(decoding: row.key, as: UTF8.self)), .value: .string(row.kind.rawValue),
            ]))
    }
}

/// Handles of metrics by operation and status: looking one up in the registry costs a microsecond, here a tenth.
private final class MeterCache: Sendable {
    private struct Key: Hashable {
        let operation: String
        let status: Int
    }

    private let counters = Mutex<[Key: PrometheusCounter]>([:])
    private let timers = Mutex<[String: PrometheusHistogram]>([:])

    func record(_ operation: String, status: Int, nanoseconds: UInt64, _ registry: PrometheusRegistry) {
        let counter = counters.withLock { counters in
            if let counter = counters[Key(operation: operation, status: status)] { return counter }
            let counter = registry.counter(
                "holdfast_http_requests", labels: [("operation", operation), ("status", String(status))])
            counters[Key(operation: operation, status: status)] = counter
            return counter
        }
        counter.increment()
        let timer = timers.withLock { timers in
            if let timer = timers[operation] { return timer }
            let timer = registry.timer("http_server_request_duration", labels: [("operation", operation)])
            timers[operation] = timer
            return timer
        }
        timer.recordNanoseconds(Int64(clamping: nanoseconds))
    }
}

/// Lets one line through for each row that cannot be read, as far as it can remember them.
private final class UnreadableLog: Sendable {
    private static let rowsMax = 1_000

    private let seen = Mutex<Set<UnreadableRow>>([])

    /// Whether the row is a new one.
    func admit(_ row: UnreadableRow) -> Bool {
        seen.withLock { $0.count < Self.rowsMax && $0.insert(row).inserted }
    }
}

/// Lets one line a second through while the store is away.
private final class OutageLog: Sendable {
    private static let pauseNs: UInt64 = 1_000_000_000

    private struct State {
        var nextNs: UInt64 = 0
        var suppressed = 0
    }

    private let state = Mutex(State())

    /// How many lines were held back since the last one; nil when this one is held back too.
    func admit(nowNs: UInt64) -> Int? {
        state.withLock { state in
            guard nowNs >= state.nextNs else {
                state.suppressed += 1
                return nil
            }
            defer { state = State(nextNs: nowNs + Self.pauseNs) }
            return state.suppressed
        }
    }
}
