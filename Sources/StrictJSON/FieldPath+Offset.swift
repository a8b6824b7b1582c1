// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

extension FieldPath {
    /// The path to the value that a byte of a body is in, as far as the body is JSON up to there; empty for the root,
    /// nil where the byte is in a key.
    static func ofValue(at offset: Int, in body: [UInt8]) -> String? {
        var walk = Walk()
        var position = 0
        while position < min(offset, body.count) {
            let byte = body[position]
            guard byte == UInt8(ascii: "\"") else {
                walk.step(byte)
                position += 1
                continue
            }
            var end = position + 1
            while end < body.count, body[end] != byte { end += body[end] == UInt8(ascii: "\\") ? 2 : 1 }
            guard end < offset else { return walk.isAtKey ? nil : walk.path }
            if walk.isAtKey { walk.name(body[(position + 1)..<min(end, body.count)]) }
            position = end + 1
        }
        return walk.isAtKey ? nil : walk.path
    }

    /// Where a pass over a body is.
    private struct Walk {
        private enum Level {
            case array(index: Int)
            /// The member's key, nil until it was met.
            case object(key: ArraySlice<UInt8>?)
        }

        private var levels: [Level] = []

        /// Whether the next string is a key.
        var isAtKey: Bool {
            if case .object(nil)? = levels.last { return true }
            return false
        }

        mutating func name(_ key: ArraySlice<UInt8>) {
            if !levels.isEmpty { levels[levels.count - 1] = .object(key: key) }
        }

        /// A byte outside of strings.
        mutating func step(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "["): levels.append(.array(index: 0))
            case UInt8(ascii: "{"): levels.append(.object(key: nil))
            case UInt8(ascii: "]"), UInt8(ascii: "}"): _ = levels.popLast()
            case UInt8(ascii: ","):
                guard let last = levels.popLast() else { return }
                switch last {
                case .array(let index): levels.append(.array(index: index + 1))
                case .object: levels.append(.object(key: nil))
                }
            default: break
            }
        }

        var path: String {
            levels.reduce(into: "") { path, level in
                switch level {
                case .array(let index): path += "[\(index)]"
                case .object(let key):
                    if !path.isEmpty { path += "." }
                    path += FieldPath.printable(key ?? [])
                }
            }
        }
    }
}
