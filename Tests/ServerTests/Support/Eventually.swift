// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Looks at a condition again and again until it holds; records an issue when it does not hold in time.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(2),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: pause)
    }
}

/// Never returns: throws when the time is over, or when the task is cancelled.
func timeout(after limit: Duration, _ error: some Error) async throws -> Never {
    try await Task.sleep(for: limit)
    throw error
}
