// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Synchronization

/// Lets so many tests at a time through, first come first served.
///
/// Tests run all at once, and a stack of its own for each (Redis, event loops, connections) is thousands of open files:
/// more than Foundation's `Process` can bear when it looks at them, and slower than some after the other.
package final class TestGate: Sendable {
    /// For tests with a Redis and a server of their own.
    package static let stacks = TestGate(8)
    /// For tests with a Redis to be verified.
    package static let installations = TestGate(8)

    private let state: Mutex<(free: Int, waiting: [CheckedContinuation<Void, Never>])>

    /// A gate for so many at a time.
    package init(_ limit: Int) { state = Mutex((limit, [])) }

    /// Runs `body` when there is a place.
    package func run<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
