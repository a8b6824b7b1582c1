// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

extension JSONValue {
    /// The elements of an array in order; none for any other kind.
    package var elements: JSONElements { JSONElements(self) }

    /// The members of an object in the order sent; none for any other kind.
    package var members: JSONMembers { JSONMembers(self) }

    /// The value of an object's member, or nil; a scan of the members.
    package func member(_ name: StaticString) -> JSONValue? {
        for member in members where member.key.isString(name) { return member.value }
        return nil
    }
}

/// One member of an object.
package struct JSONMember: Sendable {
    let document: JSONDocument
    let keyIndex: Int

    /// The key, a string value: `stringSlice()` gives its decoded bytes, without a copy unless it has escapes.
    package var key: JSONValue { JSONValue(document: document, index: keyIndex) }

    /// The value.
    package var value: JSONValue { JSONValue(document: document, index: keyIndex + 1) }
}

/// The elements of an array, each found from the one before; nothing is allocated.
package struct JSONElements: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var position: Int
    private let end: Int

    init(_ value: JSONValue) {
        document = value.document
        position = value.index + 1
        end = value.kind == .array ? Int(value.node.next) : position
    }

    package mutating func next() -> JSONValue? {
        guard position < end else { return nil }
        defer { position = Int(document.nodes[position].next) }
        return JSONValue(document: document, index: position)
    }
}

/// The members of an object, each found from the one before; nothing is allocated.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var key: Int
    private let end: Int

    init(_ value: JSONValue) {
        document = value.document
        key = value.index + 1
        end = value.kind == .object ? Int(value.node.next) : key
    }

    package mutating func next() -> JSONMember? {
        guard key < end else { return nil }
        defer { key = Int(document.nodes[key + 1].next) }
        return JSONMember(document: document, keyIndex: key)
    }
}
