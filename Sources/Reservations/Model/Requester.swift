// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// On whose behalf a resource is held: a worker, a user, a service. Any text a caller makes up, taken byte for byte.
package struct Requester: Hashable, Sendable {
    /// Holds blockers and whatever else is taken along; no caller may speak in its name (decision Q11).
    package static let system = [UInt8]("__system__".utf8)

    /// 1 to 256 bytes of UTF-8 without control characters.
    package let bytes: [UInt8]

    /// The requester of this name.
    package init(_ bytes: some Collection<UInt8>) throws(NameProblem) {
        try NameText.check(bytes)
        guard !bytes.elementsEqual(Self.system) else { throw .reserved }
        self.bytes = [UInt8](bytes)
    }
}
