// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Proof of having made a reservation: a random UUID, known to its requester alone.
package struct ReleaseToken: Hashable, Sendable {
    /// 36 characters in lower case.
    package let bytes: [UInt8]

    /// A new token, 122 random bits.
    package static func random() -> ReleaseToken { ReleaseToken(checked: RandomBytes.uuid()) }

    /// A token as a client sends it back; nil when it cannot be one of ours. Letters may be in either case, because
    /// many UUID types print capitals.
    package init?(_ text: some Collection<UInt8>) {
        guard text.count == 36 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(36)
        for byte in text {
            switch (bytes.count, byte) {
            case (8, 45), (13, 45), (18, 45), (23, 45): bytes.append(byte)
            case (8, _), (13, _), (18, _), (23, _): return nil
            case (_, 48...57), (_, 97...102): bytes.append(byte)
            case (_, 65...70): bytes.append(byte | 0x20)
            default: return nil
            }
        }
        self.bytes = bytes
    }

    private init(checked bytes: [UInt8]) { self.bytes = bytes }
}
