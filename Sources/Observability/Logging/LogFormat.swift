// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Logging

/// How log events are written, the values of `HOLDFAST_LOG_FORMAT`.
package enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object per line, for machines.
    case json
    /// One readable line per event, for a terminal.
    case text

    /// A log handler of this format; pass it to `LoggingSystem.bootstrap` with the level from the settings.
    package func handler(
        label: String,
        level: Logger.Level,
        sink: any LogSink = FileDescriptorLogSink.standardError,
        metadataProvider: Logger.MetadataProvider? = nil
    ) -> any LogHandler {
        switch self {
        case .json:
            JSONLogHandler(label: label, level: level, sink: sink, metadataProvider: metadataProvider)
        case .text:
            TextLogHandler(label: label, level: level, sink: sink, metadataProvider: metadataProvider)
        }
    }
}
