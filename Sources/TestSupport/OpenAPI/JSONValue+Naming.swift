// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

extension JSONValue {
    /// The value of an object's member of this name, which need not be known at compile time.
    package func member(named name: String) -> JSONValue? {
        for member in members where member.key.isString(name) { return member.value }
        return nil
    }

    /// The text of a string; nil for any other kind.
    package var text: String? { stringBytes().map { String(decoding: $0, as: UTF8.self) } }

    /// The JSON text, for messages.
    package var rawText: String { String(decoding: raw, as: UTF8.self) }

    /// Whether two values are equal as JSON Schema has it: members in any order, numbers by value.
    package func equals(_ other: JSONValue) -> Bool {
        guard kind == other.kind else { return false }
        switch kind {
        case .true, .false, .null: return true
        case .string: return stringBytes() == other.stringBytes()
        case .number:
            if let mine = int64(), let its = other.int64() { return mine == its }
            return double() == other.double()
        case .array: return count == other.count && zip(elements, other.elements).allSatisfy { $0.equals($1) }
        case .object:
            return count == other.count
                && members.allSatisfy { member in
                    guard let name = member.key.text, let its = other.member(named: name) else { return false }
                    return member.value.equals(its)
                }
        }
    }
}
