// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel

/// A stream of events with which an answer goes on, once its head and first bytes are sent.
package struct StreamOpening: Sendable {
    /// No other stream has it.
    package let id: [UInt8]
    package let tenant: TenantID
    /// The number of the event to begin after.
    package let after: Int64
    /// The number of the tenant's last event when the stream was opened.
    package let last: Int64
    /// In whose name the stream is: it ends when that key does.
    package let key: APIKeyHash
    /// What was known of the key's tenant.
    package let tag: [UInt8]
    /// When the key ends, ms since the epoch by the clock of this server.
    package let expiresAtMs: Int64
}

/// The client's end of a stream. Calls come from any thread, and what they send goes out in their order.
package protocol StreamSink: Sendable {
    /// Sends bytes; `written` is called once: whether the client's socket took them.
    func send(_ bytes: [UInt8], written: (@Sendable (Bool) -> Void)?)

    /// Ends the stream, and with it the connection.
    func end()
}
