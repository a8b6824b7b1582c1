// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Logging

/// A log handler that writes each event as one JSON object on one line.
///
/// Fields in order: `timestamp` (RFC 3339, UTC, milliseconds), `level`, `logger`, `message`, then the metadata sorted
/// by key. Numbers and booleans given as `.stringConvertible` stay numbers and booleans. A value longer than
/// ``LogLimits/valueBytes`` is cut, ends in an ellipsis, and its key is listed in a last field `truncated`; an ellipsis
/// in that list stands for fields left out altogether. A metadata key that would shadow a fixed field is written as
/// `field.<key>`. Nothing in an event can break the line or reach a terminal as a control sequence.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: any LogSink
    private let now: @Sendable () -> Int64

    /// A handler for the logger `label`; `now` gives milliseconds since 1970 and is replaced only by tests.
    package init(
        label: String,
        level: Logger.Level = .info,
        sink: any LogSink = FileDescriptorLogSink.standardError,
        metadataProvider: Logger.MetadataProvider? = nil,
        now: @escaping @Sendable () -> Int64 = { UTCTimestamp.now_ms() }
    ) {
        self.label = label
        self.logLevel = level
        self.sink = sink
        self.metadataProvider = metadataProvider
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogLineWriter()
        line.append(raw: "{\"timestamp\":\"")
        line.append(timestamp_ms: now())
        line.append(raw: "\",\"level\":\"")
        line.append(raw: event.level.rawValue)
        line.append(raw: "\",\"logger\":")
        line.append(quoted: label, of: "logger")
        line.append(raw: ",\"message\":")
        line.append(quoted: event.message.description, of: "message")
        let metadata = LogFields(base: metadata, provider: metadataProvider, event: event)
        for field in metadata.fields {
            line.append(raw: ",")
            line.append(key: field.key)
            line.append(raw: ":")
            line.append(field.value, of: field.key)
        }
        let cutKeys = line.cutKeys + (metadata.isCut ? ["…"] : [])
        if !cutKeys.isEmpty {
            line.append(raw: ",\"truncated\":")
            line.append(.array(cutKeys.map { .string($0) }), of: "truncated")
        }
        line.append(raw: "}\n")
        sink.write(line.bytes)
    }
}
