// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
package import Observability
internal import StrictJSON

/// Endpoints for whoever runs Holdfast: is it alive, is it ready, what does it count. Open to everybody who reaches the
/// port, and none of them waits for Redis.
package enum OperationsAPI {
    /// Why a process takes no traffic.
    package enum Unreadiness: String, Sendable, CaseIterable {
        /// No connection to Redis, or it does not answer.
        case redisUnreachable = "redis_unreachable"
        /// Redis is a replica and takes no writes.
        case redisNotPrimary = "redis_not_primary"
        /// Redis may drop keys when memory is short.
        case redisEvicts = "redis_maxmemory_policy_not_noeviction"
        /// Redis holds another installation than the one this process started with.
        case installationChanged = "installation_changed"
        /// The process is about to end.
        case draining
    }

    /// What outlives the store's end: the persistent and the in-memory mode of the Reservation API (digest 2.4).
    package enum Persistence: String, Sendable {
        /// Redis writes an append-only file: definitions and reservations survive its restart.
        case appendOnlyFile = "append_only_file"
        /// It writes none: they are lost with it.
        case memory
        /// It did not say, or was not asked yet.
        case unknown
    }

    /// The endpoints; `unreadiness` gives the reasons against traffic, none when ready, `persistence` what is known of
    /// the store, and neither may block.
    package static func endpoints(
        unreadiness: @escaping @Sendable () -> [Unreadiness], persistence: @escaping @Sendable () -> Persistence,
        registry: PrometheusRegistry
    ) -> [Endpoint] {
        [
            open("livez", "/livez") { .json(status("alive")) },
            open("readyz", "/readyz") {
                let reasons = unreadiness()
                let persistence = persistence()
                return reasons.isEmpty
                    ? .json(status("ready", persistence: persistence))
                    : unavailable(status("not_ready", reasons, persistence: persistence))
            },
            // The shape of Spring Boot's actuator, which clients of the Cycles protocol already poll.
            open("actuatorHealth", "/actuator/health") {
                unreadiness().isEmpty ? .json(status("UP")) : unavailable(status("DOWN"))
            },
            open("metrics", "/metrics") {
                APIResponse(
                    status: .ok, headers: [:], body: registry.render(), contentType: PrometheusRegistry.contentType)
            },
        ]
    }

    private static func open(
        _ name: String, _ path: String, _ answer: @escaping @Sendable () -> APIResponse
    ) -> Endpoint {
        Endpoint(name, .get, path, surface: .operations, access: .open) { _ in
            var response = answer()
            response.headers[.cacheControl] = "no-store"
            return .respond(response)
        }
    }

    private static func unavailable(_ body: [UInt8]) -> APIResponse {
        .json(body, status: .serviceUnavailable, headers: [.retryAfter: "1"])
    }

    private static func status(
        _ word: String, _ reasons: [Unreadiness] = [], persistence: Persistence? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("status")
        writer.string(word)
        if !reasons.isEmpty {
            writer.key("reasons")
            writer.beginArray()
            for reason in reasons { writer.string(reason.rawValue) }
            writer.endArray()
        }
        if let persistence {
            writer.key("persistence")
            writer.string(persistence.rawValue)
        }
        writer.endObject()
        return writer.finish()
    }
}
