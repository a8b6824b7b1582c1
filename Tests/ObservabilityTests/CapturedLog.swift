// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Logging
import Observability
import Synchronization
import Testing

/// A sink that keeps what it is given, and the loggers that write to it at a fixed instant.
final class CapturedLog: LogSink {
    /// 2026-01-31T08:05:00.250Z
    static let instant_ms: Int64 = 1_769_846_700_250

    private let written = Mutex<[[UInt8]]>([])

    var lines: [[UInt8]] { written.withLock { $0 } }

    /// Everything that was written, as text.
    var text: String { String(decoding: lines.joined(), as: UTF8.self) }

    func write(_ line: [UInt8]) {
        written.withLock { $0.append(line) }
    }

    func jsonLogger(
        _ label: String = "test", level: Logger.Level = .trace, provider: Logger.MetadataProvider? = nil
    ) -> Logger {
        Logger(label: label) { label in
            JSONLogHandler(
                label: label, level: level, sink: self, metadataProvider: provider, now: { Self.instant_ms })
        }
    }

    func textLogger(_ label: String = "test") -> Logger {
        Logger(label: label) { label in
            TextLogHandler(label: label, level: .trace, sink: self, now: { Self.instant_ms })
        }
    }

    /// The only line so far, parsed by a JSON parser that is not ours.
    func onlyObject() throws -> [String: Any] {
        let lines = lines
        try #require(lines.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(lines[0]))
        return try #require(object as? [String: Any])
    }
}
