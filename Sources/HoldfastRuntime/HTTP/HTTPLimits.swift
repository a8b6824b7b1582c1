// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import NIOCore

/// What a connection may take, in bytes and in time. Bodies are bounded by `Limits.bodyBytesMax`.
package struct HTTPLimits: Sendable {
    /// Bytes of a request line and all header fields together.
    package var headBytes = 16_384
    /// Header fields of a request, trailers included.
    package var headFields = 100
    /// Bytes of all request bodies that are held at once: clients that send long bodies slowly must not take the memory
    /// of the process, however many they are.
    package var bodyBytesHeld = 268_435_456
    /// From the first byte of a request to its last: slow senders are cut off, however steadily they drip.
    package var readTime = TimeAmount.seconds(15)
    /// How long a connection may rest between requests; longer than the minute of common load balancers, so that they
    /// and not we close it.
    package var idleTime = TimeAmount.seconds(75)
    /// How long a connection may rest once the process is about to end. A client that goes on gets an answer with
    /// `Connection: close` instead of a broken connection.
    package var drainTime = TimeAmount.seconds(1)
    /// How long a closing connection waits for the client to hang up, so that the answer is not lost to a reset.
    package var lingerTime = TimeAmount.seconds(1)

    /// How often event streams are kept alive.
    package var keepAliveTime = Duration.seconds(15)
    /// Bytes that the client of an event stream may be behind; who is further behind is hung up on.
    package var streamBytesUnsent = 262_144
    /// How long the client of an event stream may take nothing of what it is sent; seen with the next thing to send.
    package var streamStallTime = TimeAmount.seconds(60)

    /// The limits of the product.
    package init() {}
}
