// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Logging

/// A log handler for a person at a terminal: `timestamp LEVEL logger message key=value …`, one line per event.
///
/// The same limits and the same escaping as in ``JSONLogHandler``; values that are not plain words are quoted as in
/// JSON.
package struct TextLogHandler: LogHandler {
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
        line.append(timestamp_ms: now())
        line.append(raw: " ")
        line.append(raw: event.level.rawValue.uppercased())
        line.append(raw: " ")
        line.append(unquoted: label, of: "logger")
        line.append(raw: " ")
        line.append(unquoted: event.message.description, of: "message")
        let metadata = LogFields(base: metadata, provider: metadataProvider, event: event)
        for field in metadata.fields {
            line.append(raw: " ")
            line.append(unquoted: field.key, of: field.key)
            line.append(raw: "=")
            line.append(word: field.value, of: field.key)
        }
        line.append(raw: metadata.isCut ? " …\n" : "\n")
        sink.write(line.bytes)
    }
}
