// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Logging
package import Observability
package import RedisClient
internal import SharedKernel

/// Settings of every program: Redis, the installation's constants, logging, shutdown.
package struct SharedSettings: Sendable {
    /// Where Redis is; holds the password and never shows it.
    package var redis = Self.redisURL.fallback
    /// Shards of the installation.
    package var shards = Self.shards.fallback
    /// How long finished reservations and stored answers are kept.
    package var retentionFinal = Self.retentionFinal.fallback
    /// Whether a Redis that keeps nothing on disk is intended.
    package var allowsVolatile = Self.allowVolatile.fallback
    /// Keys that webhook secrets are encrypted with at rest: the first encrypts, all decrypt; none for no webhooks.
    package var secretKeys = Self.secretKeys.fallback
    /// Ranges of private addresses that webhooks may be sent to, as written.
    package var webhookAllowPrivate = Self.webhookAllowPrivate.fallback
    /// Threads that serve connections; zero for one per core.
    package var eventLoops = Self.eventLoops.fallback
    /// How long requests in flight may take at the end, seconds.
    package var shutdownSeconds = Self.shutdownSeconds.fallback
    package var logLevel = Self.logLevel.fallback
    package var logFormat = Self.logFormat.fallback

    /// The defaults.
    package init() {}

    init(_ reader: SettingsReader) throws(SettingsError) {
        redis = try reader.value(Self.redisURL)
        let caFile = try reader.value(Self.redisCAFile)
        if let caFile {
            guard redis.tls != nil else {
                throw SettingsError("\(Self.redisCAFile.row.name) has a meaning only with a rediss:// URL")
            }
            redis.tls?.caFile = caFile
        }
        shards = try reader.value(Self.shards)
        retentionFinal = try reader.value(Self.retentionFinal)
        allowsVolatile = try reader.value(Self.allowVolatile)
        secretKeys = try reader.value(Self.secretKeys)
        webhookAllowPrivate = try reader.value(Self.webhookAllowPrivate)
        eventLoops = try reader.value(Self.eventLoops)
        shutdownSeconds = try reader.value(Self.shutdownSeconds)
        logLevel = try reader.value(Self.logLevel)
        logFormat = try reader.value(Self.logFormat)
    }
}

extension SharedSettings {
    private static let redisURL = Setting<RedisConfiguration>(
        "HOLDFAST_REDIS_URL", .redisURL, default: RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: 6379)),
        shown: "redis://127.0.0.1:6379",
        "Where Redis is: redis://user:password@host:port/db, the same with rediss:// for TLS, or unix:///path.")
    private static let redisCAFile = Setting<String?>(
        "HOLDFAST_REDIS_CA_FILE", .path, default: nil, shown: "",
        "PEM file with the authorities to trust for a rediss:// URL, instead of the system's.")
    private static let shards = Setting<Int>(
        "HOLDFAST_SHARDS", .integer(1...Limits.shardCountMax), default: 64, shown: "64",
        "Shards of the installation; fixed at its first start, a different value later is refused.")
    private static let retentionFinal = Setting<Duration>(
        "HOLDFAST_RETENTION_FINAL",
        .duration(.milliseconds(Limits.retentionFinalFloorMs)...(.seconds(315_360_000)), shown: "24h…3650d"),
        default: .seconds(604_800), shown: "7d",
        "How long finished reservations and answers for idempotent repetition are kept.")
    private static let allowVolatile = Setting<Bool>(
        "HOLDFAST_ALLOW_VOLATILE", .bool, default: false, shown: "false",
        "Do not warn about a Redis without append-only file, which loses everything when it ends.")
    private static let secretKeys = Setting<[SecretBytes]>(
        "HOLDFAST_SECRET_KEY", .secretKeys, default: [], shown: "",
        "Encrypts signing secrets and header values of webhooks at rest; a new key goes before the old ones.")
    private static let webhookAllowPrivate = Setting<[String]>(
        "HOLDFAST_WEBHOOK_ALLOW_PRIVATE", .list("ranges of addresses such as 127.0.0.0/8, divided by commas"),
        default: [], shown: "",
        "Private addresses that webhooks may be sent to, where the stored webhook-security config allows it, too.")
    private static let eventLoops = Setting<Int>(
        "HOLDFAST_EVENT_LOOPS", .integer(0...1_024), default: 0, shown: "0",
        "Threads that serve connections, each with a connection to Redis; 0 for one per core.")
    private static let shutdownSeconds = Setting<Int>(
        "HOLDFAST_SHUTDOWN_SECONDS", .integer(1...600), default: 20, shown: "20",
        "How long requests in flight may take after SIGTERM or SIGINT before the program ends regardless.")
    private static let logLevel = Setting<Logger.Level>(
        "HOLDFAST_LOG_LEVEL", .choice, default: .info, shown: "info", "Events below this level are not logged.")
    private static let logFormat = Setting<LogFormat>(
        "HOLDFAST_LOG_FORMAT", .choice, default: .json, shown: "json",
        "How events are written to standard error: a JSON object each, or text for people.")

    /// The table's rows, in the order of the manual.
    package static var rows: [SettingRow] {
        [
            redisURL.row, redisCAFile.row, shards.row, retentionFinal.row, allowVolatile.row, secretKeys.row,
            webhookAllowPrivate.row, eventLoops.row, shutdownSeconds.row, logLevel.row, logFormat.row,
        ]
    }
}
