// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Bytes from the operating system's generator, for secrets and ids that must not be guessed.
package enum RandomBytes {
    /// So many random bytes.
    package static func make(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var out: [UInt8] = []
        out.reserveCapacity(count + 7)
        while out.count < count {
            var word: UInt64 = generator.next()
            for _ in 0..<8 {
                out.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        out.removeLast(out.count - count)
        return out
    }

    /// A random (version 4) UUID in lower case, 36 characters.
    package static func uuid() -> [UInt8] {
        var bytes = make(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = hexText(bytes)
        return Array(
            [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].joined(separator: [45] as [UInt8]))
    }
}
