// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore

extension RedisConnection {
    /// Sends a command from any task and waits for the reply.
    ///
    /// When the task is cancelled the call ends at once with `cancelled` or `cancelledBeforeSend`; a command that was
    /// sent may still be carried out.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        let call = CancellableCall(connection: self)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.onLoop {
                    call.start(command) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            self.onLoop { call.cancel() }
        }
        return try result.get()
    }

    private func onLoop(_ body: @escaping @Sendable () -> Void) {
        if self.eventLoop.inEventLoop { body() } else { self.eventLoop.execute(body) }
    }
}

/// A call whose task may be cancelled before, while or after it is handed over.
// SAFETY: both methods run on the event loop of the connection only.
private final class CancellableCall: @unchecked Sendable {
    private let connection: RedisConnection
    private var id: RedisCallID?
    private var isCancelled = false

    init(connection: RedisConnection) {
        self.connection = connection
    }

    func start(_ command: RedisCommand, completion: @escaping RedisCompletion) {
        if self.isCancelled { return completion(.failure(.cancelledUnsent)) }
        self.id = self.connection.send(command, completion: completion)
    }

    func cancel() {
        self.isCancelled = true
        if let id = self.id { self.connection.cancel(id) }
    }
}
