// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where finished log lines go.
package protocol LogSink: Sendable {
    /// Takes one whole line, its line feed included; must neither throw nor interleave lines of several threads.
    func write(_ line: [UInt8])
}

/// Writes each line with a single `write(2)` to a file descriptor, one line at a time.
///
/// A line the descriptor does not take (closed, full, or a non-blocking pipe that would block) is given up and counted:
/// losing a log line is better than stopping the service. If only a part of a line went out, the next one starts on a
/// line of its own.
package final class FileDescriptorLogSink: LogSink {
    /// The sink of the process: every handler that logs to standard error shares it and so its lock.
    package static let standardError = FileDescriptorLogSink(descriptor: 2)

    private let descriptor: Int32
    /// Whether the last thing written is a line without its end.
    private let isTorn = Mutex(false)
    private let lost = Atomic<UInt64>(0)

    /// Writes to `descriptor`, which stays the caller's to close.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// How many lines could not be written in full since the start.
    package var lostLines: UInt64 {
        lost.load(ordering: .relaxed)
    }

    package func write(_ line: [UInt8]) {
        isTorn.withLock { isTorn in
            let bytes = isTorn ? [UInt8(ascii: "\n")] + line : line
            let written = writeFully(bytes, to: descriptor)
            if written < bytes.count {
                lost.wrappingAdd(1, ordering: .relaxed)
                if written > 0 { isTorn = true }
            } else {
                isTorn = false
            }
        }
    }
}

/// Writes until everything is out or the descriptor refuses; returns the number of bytes written.
private func writeFully(_ bytes: [UInt8], to descriptor: Int32) -> Int {
    bytes.withUnsafeBytes { buffer in
        var offset = 0
        while offset < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[offset...])
            let written = write(descriptor, rest.baseAddress, rest.count)
            if written > 0 {
                offset += written
            } else if written == 0 || errno != EINTR {
                break
            }
        }
        return offset
    }
}
