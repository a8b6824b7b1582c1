// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Why a text cannot name a resource, a requester or a resource type.
package enum NameProblem: Error, Hashable, Sendable {
    /// Nothing but white space, which counts as missing.
    case blank
    /// More than `Limits.lockNameBytesMax` bytes.
    case tooLong
    case notUTF8
    /// One of C0, DEL or C1: they divide the fields of stored records, and show up nowhere.
    case controlCharacter
    /// The name of the service itself, which holds what no caller asked for.
    case reserved

    /// The rest of a sentence that begins with the field, fit for clients.
    package var problem: String {
        switch self {
        case .blank: "is required and must not be blank"
        case .tooLong: "must be at most \(Limits.lockNameBytesMax) bytes of UTF-8"
        case .notUTF8: "must be UTF-8"
        case .controlCharacter: "must not contain control characters"
        case .reserved: "must not be the reserved requester \(String(decoding: Requester.system, as: UTF8.self))"
        }
    }
}

/// The one grammar of all names: 1 to 256 bytes of UTF-8, something visible, no control characters. Any normalisation:
/// names are compared byte for byte.
enum NameText {
    /// Throws unless the bytes are a name; one pass for ASCII.
    static func check(_ bytes: some Collection<UInt8>) throws(NameProblem) {
        guard bytes.count <= Limits.lockNameBytesMax else { throw .tooLong }
        var isBlank = true
        var hasControl = false
        var isASCII = true
        for byte in bytes {
            switch byte {
            case 0x20: continue
            case 0x09...0x0D: hasControl = true
            case 0x00..<0x20, 0x7F: (hasControl, isBlank) = (true, false)
            case 0x80...: isASCII = false
            default: isBlank = false
            }
        }
        if !isASCII {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
            for scalar in text.unicodeScalars where scalar.value >= 0x80 {
                if scalar.value < 0xA0 { hasControl = true }
                if !scalar.properties.isWhitespace { isBlank = false }
            }
        }
        if isBlank { throw .blank }
        if hasControl { throw .controlCharacter }
    }
}
