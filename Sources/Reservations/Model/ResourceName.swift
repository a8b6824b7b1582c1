// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The name of something that can be held: any text a caller makes up, taken byte for byte.
package struct ResourceName: Hashable, Sendable {
    /// 1 to 256 bytes of UTF-8 without control characters.
    package let bytes: [UInt8]

    /// The resource of this name.
    package init(_ bytes: some Collection<UInt8>) throws(NameProblem) {
        try NameText.check(bytes)
        self.bytes = [UInt8](bytes)
    }
}

/// What kind of thing a resource is, in the caller's own words; only shown in events.
package struct ResourceType: Hashable, Sendable {
    /// What a reservation gets that names none.
    package static let userDefined = ResourceType(checked: [UInt8]("UserDefined".utf8))

    /// 1 to 256 bytes of UTF-8 without control characters.
    package let bytes: [UInt8]

    /// The type of this name.
    package init(_ bytes: some Collection<UInt8>) throws(NameProblem) {
        try NameText.check(bytes)
        self.bytes = [UInt8](bytes)
    }

    private init(checked bytes: [UInt8]) { self.bytes = bytes }
}
