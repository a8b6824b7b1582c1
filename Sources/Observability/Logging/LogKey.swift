// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Logging

/// The name of every metadata field the project logs, so that no key is spelled twice.
///
/// Units are part of a name (`_s`, `_ms`, `_bytes`). Values a client chose are logged as they came; values that are
/// secret are not logged at all, or as a hash where correlating matters.
package enum LogKey: String, CaseIterable, Sendable {
    // One request.
    case requestID = "request_id"
    case traceID = "trace_id"
    case spanID = "span_id"
    case principal
    case tenant
    case method
    case route
    case path
    case status
    case durationSeconds = "duration_s"
    case bodyBytes = "body_bytes"
    case idempotencyKeyHash = "idempotency_key_hash"
    case replayed
    case remoteAddress = "remote_address"
    case userAgent = "user_agent"

    // Redis.
    case redis
    case script
    case shard
    case connection
    case role
    case durabilityTier = "durability_tier"
    case clockOffsetSeconds = "clock_offset_s"

    // Reservations and budgets.
    case resource
    case reservation
    case owner
    case fencingToken = "fencing_token"
    case scope
    case unit
    case amount
    case debt
    case overdraftLimit = "overdraft_limit"
    case operation
    case outcome
    case reason

    // Events and webhooks.
    case event
    case eventType = "event_type"
    case subscription
    case delivery
    case endpoint
    case ageSeconds = "age_s"

    // Anything that loops, retries or fails.
    case attempt
    case count
    case suppressed
    case limit
    case delaySeconds = "delay_s"
    case error
    case errorType = "error_type"
    case errorCode = "error_code"
    case invariant
    case expected
    case actual

    // The process.
    case version
    case setting
    case value
    case host
    case port
    case signal
}

extension Logger.Metadata {
    /// Metadata from the project's own keys: `logger.info("…", metadata: .keyed([.tenant: "\(tenant)", .count:
    /// .stringConvertible(3)]))`.
    ///
    /// If a key is given twice, the later value stays.
    package static func keyed(_ fields: KeyValuePairs<LogKey, Logger.MetadataValue>) -> Logger.Metadata {
        var metadata = Logger.Metadata(minimumCapacity: fields.count)
        for (key, value) in fields {
            metadata[key.rawValue] = value
        }
        return metadata
    }

    /// The value of one of the project's own keys.
    package subscript(key: LogKey) -> Logger.MetadataValue? {
        get { self[key.rawValue] }
        set { self[key.rawValue] = newValue }
    }
}

extension Logger {
    /// The value this logger adds to each of its events under one of the project's own keys.
    package subscript(key: LogKey) -> Logger.MetadataValue? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }
}

extension Logger.MetadataValue {
    /// A duration in seconds, logged as a number.
    package static func seconds(_ duration: Duration) -> Logger.MetadataValue {
        .stringConvertible(duration / .seconds(1))
    }
}
