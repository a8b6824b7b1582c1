// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Comparison of secrets whose duration says nothing about where two byte strings differ.
package enum ConstantTime {
    /// Whether both byte strings are the same; false whenever the secret is empty.
    ///
    /// The secret is stretched (repeated) to the length of the candidate and every byte is looked at, whatever was
    /// found before. The time therefore depends on the length the caller sent, which the caller knows. Of the secret's
    /// own length an observer could learn at most what the wrap-around of an index costs; keys of a fixed length have
    /// nothing to lose by that. Never inlined: a caller that knows one side must not let the optimiser turn this into
    /// an early exit.
    @inline(never)
    package static func equal(secret: [UInt8], candidate: [UInt8]) -> Bool {
        guard !secret.isEmpty else { return false }
        var difference = UInt(bitPattern: secret.count ^ candidate.count)
        var position = 0
        for byte in candidate {
            difference |= UInt(byte ^ secret[position])
            position += 1
            if position == secret.count { position = 0 }
        }
        return difference == 0
    }
}
