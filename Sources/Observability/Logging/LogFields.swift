// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Logging

/// The metadata of one event as it is written: merged, redacted, bounded, and sorted by key.
///
/// The event's own metadata wins over the provider's, and that over the handler's. An error attached to the event
/// becomes the fields `error` and `error_type`, whatever else goes by these names.
struct LogFields {
    typealias Field = (key: String, value: Logger.MetadataValue)

    private(set) var fields: [Field] = []
    /// Whether fields were left out, for their number or for the length of a key.
    private(set) var isCut = false

    init(base: Logger.Metadata, provider: Logger.MetadataProvider?, event: LogEvent) {
        var own = event.metadata ?? [:]
        if let error = event.error {
            own[LogKey.error.rawValue] = .string(String(describing: error))
            own[LogKey.errorType.rawValue] = .string(String(reflecting: type(of: error)))
        }
        let provided = provider?.get() ?? [:]
        fields.reserveCapacity(own.count + provided.count + base.count)
        // Looking for a key in the stronger sources is cheaper than building a merged dictionary for each line.
        for (key, value) in own {
            add(key, value)
        }
        for (key, value) in provided where own[key] == nil {
            add(key, value)
        }
        for (key, value) in base where own[key] == nil && provided[key] == nil {
            add(key, value)
        }
        fields.sort { $0.key < $1.key }
        if fields.count > LogLimits.fields {
            fields.removeSubrange(LogLimits.fields...)
            isCut = true
        }
    }

    private mutating func add(_ key: String, _ value: Logger.MetadataValue) {
        guard key.utf8.count <= LogLimits.keyBytes else {
            isCut = true
            return
        }
        fields.append((Self.unambiguous(key), SensitiveFields.contains(key) ? SensitiveFields.redacted : value))
    }

    /// Moves a key out of the way of the fields every line has; different keys stay different.
    private static func unambiguous(_ key: String) -> String {
        switch key {
        case "timestamp", "level", "logger", "message", "truncated": "field." + key
        default: key.hasPrefix("field.") ? "field." + key : key
        }
    }
}
