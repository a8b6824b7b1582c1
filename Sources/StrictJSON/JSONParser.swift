// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The one pass over a body that fills the tape. A loop, not recursion: open containers are linked through the
/// tape itself.
struct JSONParser {
    private static let noContainer: UInt32 = .max

    let bytes: [UInt8]
    let end: Int
    private let maxDepth: Int
    var cursor = 0
    var nodes: [JSONNode] = []
    /// Index of the innermost open container.
    private var container = JSONParser.noContainer
    private var containerIsObject = false
    private var depth = 0

    init(_ bytes: [UInt8], maxDepth: Int) {
        self.bytes = bytes
        self.end = bytes.count
        self.maxDepth = maxDepth
    }

    mutating func parse() throws(JSONSyntaxError) {
        // Offsets on the tape have 32 bits, and one value is kept free as a mark.
        guard end < Int(UInt32.max) else { throw JSONSyntaxError(offset: 0, reason: .tooLarge) }
        // A usual body has a node for every 8 bytes or more; denser ones let the array grow.
        nodes.reserveCapacity(end / 8 + 8)
        skipWhitespace()
        guard cursor < end else { throw error(.emptyInput) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw JSONSyntaxError(offset: 0, reason: .byteOrderMark) }
        var isOpen = true
        while isOpen {
            let opensContainer = try beginValue()
            if !opensContainer { isOpen = try advance() }
        }
        skipWhitespace()
        guard cursor == end else { throw error(.trailingContent) }
    }

    /// Reads a scalar or an empty container whole (false), or the start of a container up to its first value (true).
    private mutating func beginValue() throws(JSONSyntaxError) -> Bool {
        skipWhitespace()
        switch try currentByte() {
        case UInt8(ascii: "\""):
            try scanString(isKey: false)
        case UInt8(ascii: "{"):
            try open(.object)
            skipWhitespace()
            if try currentByte() == UInt8(ascii: "}") {
                try close()
                return false
            }
            try scanKey()
            return true
        case UInt8(ascii: "["):
            try open(.array)
            skipWhitespace()
            if try currentByte() == UInt8(ascii: "]") {
                try close()
                return false
            }
            nodes[Int(container)].count = 1
            return true
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try scanNumber()
        case UInt8(ascii: "t"):
            try scanLiteral("true", .true)
        case UInt8(ascii: "f"):
            try scanLiteral("false", .false)
        case UInt8(ascii: "n"):
            try scanLiteral("null", .null)
        default:
            throw error(.unexpectedCharacter)
        }
        return false
    }

    /// After a complete value: closes what ends here, then goes to the next value (true) or finds the root complete
    /// (false).
    private mutating func advance() throws(JSONSyntaxError) -> Bool {
        while depth > 0 {
            skipWhitespace()
            let byte = try currentByte()
            if byte == UInt8(ascii: ",") {
                cursor += 1
                if containerIsObject {
                    skipWhitespace()
                    try scanKey()
                } else {
                    nodes[Int(container)].count += 1
                }
                return true
            }
            let closer = containerIsObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            guard byte == closer else { throw error(.unexpectedCharacter) }
            try close()
        }
        return false
    }

    private mutating func open(_ kind: JSONKind) throws(JSONSyntaxError) {
        guard depth < maxDepth else { throw error(.nestedTooDeeply) }
        depth += 1
        let parent = container
        container = UInt32(nodes.count)
        containerIsObject = kind == .object
        nodes.append(JSONNode(start: UInt32(cursor), end: 0, next: parent, count: 0, kind: kind, flags: 0))
        cursor += 1
    }

    /// Closes the innermost container; the cursor stands on its closing bracket.
    private mutating func close() throws(JSONSyntaxError) {
        cursor += 1
        depth -= 1
        let index = Int(container)
        if containerIsObject { try checkUniqueKeys(of: index) }
        container = nodes[index].next
        nodes[index].next = UInt32(nodes.count)
        nodes[index].end = UInt32(cursor)
        containerIsObject = container != Self.noContainer && nodes[Int(container)].kind == .object
    }

    /// Reads a key and its colon; the cursor stands where the key must begin.
    private mutating func scanKey() throws(JSONSyntaxError) {
        guard try currentByte() == UInt8(ascii: "\"") else { throw error(.unexpectedCharacter) }
        nodes[Int(container)].count += 1
        try scanString(isKey: true)
        if nodes[nodes.count - 1].isEscaped { nodes[Int(container)].flags |= JSONNode.hasEscapes }
        skipWhitespace()
        guard try currentByte() == UInt8(ascii: ":") else { throw error(.unexpectedCharacter) }
        cursor += 1
    }

    private mutating func scanLiteral(_ word: StaticString, _ kind: JSONKind) throws(JSONSyntaxError) {
        let start = cursor
        for offset in 0..<word.utf8CodeUnitCount {
            let expected = word.withUTF8Buffer { $0[offset] }
            guard try currentByte() == expected else { throw error(.unexpectedCharacter) }
            cursor += 1
        }
        appendScalar(kind, from: start)
    }

    /// Adds the entry of a scalar that ends at the cursor.
    mutating func appendScalar(_ kind: JSONKind, from start: Int, signature: UInt32 = 0, flags: UInt8 = 0) {
        nodes.append(
            JSONNode(
                start: UInt32(start), end: UInt32(cursor), next: UInt32(nodes.count + 1), count: signature,
                kind: kind, flags: flags
            )
        )
    }

    private mutating func skipWhitespace() {
        while cursor < end {
            switch bytes[cursor] {
            case 0x20, 0x0A, 0x0D, 0x09: cursor += 1
            default: return
            }
        }
    }

    func currentByte() throws(JSONSyntaxError) -> UInt8 {
        guard cursor < end else { throw error(.unexpectedEnd) }
        return bytes[cursor]
    }

    func error(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
        JSONSyntaxError(offset: cursor, reason: reason)
    }
}
