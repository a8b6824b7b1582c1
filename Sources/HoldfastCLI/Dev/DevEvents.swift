// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Synchronization

/// The one thing that ends a session: whatever happened first.
final class DevEvents: Sendable {
    enum Event: Sendable {
        /// A signal asked for the end.
        case stop
        /// A process ended that should not have.
        case died(name: String, how: String, log: String)
    }

    private struct State {
        var first: Event?
        var waiter: CheckedContinuation<Event, Never>?
    }

    private let state = Mutex(State())

    /// Tells what happened; only the first call counts.
    func post(_ event: Event) {
        let waiter = state.withLock { state -> CheckedContinuation<Event, Never>? in
            guard state.first == nil else { return nil }
            state.first = event
            return state.waiter.take()
        }
        waiter?.resume(returning: event)
    }

    /// Waits for the event; for one caller.
    func wait() async -> Event {
        await withCheckedContinuation { continuation in
            let first = state.withLock { state -> Event? in
                if state.first == nil { state.waiter = continuation }
                return state.first
            }
            if let first { continuation.resume(returning: first) }
        }
    }

    /// Throws when it has happened already.
    func check() throws(Interruption) {
        if let event = state.withLock({ $0.first }) { throw Interruption(event: event) }
    }

    /// The start is over before it was finished.
    struct Interruption: Error {
        let event: Event
    }
}
