// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Turns SIGINT, SIGTERM and SIGHUP into calls instead of the end of the process, for as long as it lives; one at a
/// time.
///
/// Not a signal source of Dispatch: on Linux that loses a signal now and then when the threads of the process block
/// different signals.
final class StopSignals {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]

    private let pipe = Pipe()
    private let source: any DispatchSourceRead

    init(_ handler: @escaping @Sendable () -> Void) {
        let end = pipe.fileHandleForReading.fileDescriptor
        source = DispatchSource.makeReadSource(fileDescriptor: end, queue: .global())
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 16)
            if read(end, &bytes, bytes.count) > 0 { handler() }
        }
        source.resume()
        wakeUp.store(pipe.fileHandleForWriting.fileDescriptor, ordering: .relaxed)
        // What we start must not inherit an ignored signal: a handler ends with exec. Our maker may have blocked them.
        var all = sigset_t()
        sigemptyset(&all)
        for number in Self.numbers {
            signal(number, wake)
            sigaddset(&all, number)
        }
        pthread_sigmask(SIG_UNBLOCK, &all, nil)
    }

    deinit {
        for number in Self.numbers { signal(number, SIG_DFL) }
        wakeUp.store(-1, ordering: .relaxed)
        source.cancel()
    }
}

/// Where the signal handler writes to; -1 for nowhere.
private let wakeUp = Atomic<Int32>(-1)

/// The signal handler: a byte into the pipe, which is all that may be done in one.
private func wake(_ number: Int32) {
    let before = errno
    var byte: UInt8 = 0
    _ = write(wakeUp.load(ordering: .relaxed), &byte, 1)
    errno = before
}
