// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Synchronization

/// A port that will be known once a listener is up; any number of tasks may wait for it.
package final class Listening: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Result<Int, StartupError>, Never>])
        case known(Result<Int, StartupError>)
    }

    private let state = Mutex<State>(.waiting([]))

    /// Waits for the port; throws when the listener could not come up.
    package var port: Int {
        get async throws(StartupError) {
            try await withCheckedContinuation { continuation in
                let known: Result<Int, StartupError>? = state.withLock { state in
                    switch state {
                    case .known(let result): return result
                    case .waiting(let others):
                        state = .waiting(others + [continuation])
                        return nil
                    }
                }
                if let known { continuation.resume(returning: known) }
            }.get()
        }
    }

    func begin(port: Int) { settle(.success(port)) }

    func fail(_ error: StartupError) { settle(.failure(error)) }

    private func settle(_ result: Result<Int, StartupError>) {
        let waiting: [CheckedContinuation<Result<Int, StartupError>, Never>] = state.withLock { state in
            guard case .waiting(let waiting) = state else { return [] }
            state = .known(result)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
    }
}
