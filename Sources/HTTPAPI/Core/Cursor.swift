// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel

/// An opaque position in a list: base64url of an 8-byte checksum and the position. The checksum is keyed and covers
/// what the cursor is bound to, so a cursor of another query, or a made-up one, is refused.
package enum Cursor {
    /// The cursor's text.
    package static func seal(_ position: [UInt8], boundTo binding: [UInt8], _ salt: IdentitySalt) -> [UInt8] {
        Base64URL.text(salt.checksum(position + [0] + binding) + position)
    }

    /// The position; nil for a cursor that was not made for this binding.
    package static func open(_ text: [UInt8], boundTo binding: [UInt8], _ salt: IdentitySalt) -> [UInt8]? {
        guard text.count <= 4_096, let bytes = Base64URL.bytes(text), bytes.count > 8 else { return nil }
        let position = Array(bytes[8...])
        return salt.checksum(position + [0] + binding) == Array(bytes[..<8]) ? position : nil
    }
}
