// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The levels of a subject in canonical order (runtime digest 5.1).
package enum ScopeLevel: Int, CaseIterable, Sendable {
    case tenant, workspace, app, workflow, agent, toolset

    /// The level's word in paths and subjects.
    package var word: StaticString {
        switch self {
        case .tenant: "tenant"
        case .workspace: "workspace"
        case .app: "app"
        case .workflow: "workflow"
        case .agent: "agent"
        case .toolset: "toolset"
        }
    }

    /// The level of a word.
    package init?(word: some Collection<UInt8>) {
        for level in Self.allCases where level.word.withUTF8Buffer({ $0.elementsEqual(word) }) {
            self = level
            return
        }
        return nil
    }
}

/// A canonical scope path: `level:value` segments joined by '/', levels strictly rising (runtime digest 5.2).
package struct ScopePath: Hashable, Sendable {
    /// The path's characters.
    package let bytes: [UInt8]

    /// Lengths of the path's prefixes that are scopes themselves, root first; the last is the whole path.
    package let prefixLengths: [Int]

    /// The path of the levels present, in canonical order; nil when none is.
    package init?(levels: [(ScopeLevel, [UInt8])]) {
        guard !levels.isEmpty else { return nil }
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for (level, value) in levels {
            if !bytes.isEmpty { bytes.append(47) }
            level.word.withUTF8Buffer { bytes.append(contentsOf: $0) }
            bytes.append(58)
            bytes.append(contentsOf: value)
            lengths.append(bytes.count)
        }
        self.bytes = bytes
        prefixLengths = lengths
    }

    /// Every derived scope, root first.
    package var scopes: [ArraySlice<UInt8>] { prefixLengths.map { bytes[..<$0] } }

    /// Reads a path; `problem` says what is wrong with it.
    package static func parse(_ text: [UInt8]) -> Result<ScopePath, ScopePathProblem> {
        var levels: [(ScopeLevel, [UInt8])] = []
        for segment in text.split(separator: 47, omittingEmptySubsequences: false) {
            guard let colon = segment.firstIndex(of: 58), let level = ScopeLevel(word: segment[..<colon]) else {
                return .failure(.segment)
            }
            let value = segment[(colon + 1)...]
            guard isValue(value) else { return .failure(.value) }
            if let last = levels.last, last.0.rawValue >= level.rawValue { return .failure(.order) }
            levels.append((level, Array(value)))
        }
        guard let path = ScopePath(levels: levels) else { return .failure(.segment) }
        return .success(path)
    }

    /// Whether a value may stand in a path: 1 to 128 of letters, digits, '_', '.', '-'.
    package static func isValue(_ value: some Collection<UInt8>) -> Bool {
        (1...128).contains(value.count) && value.allSatisfy(isValueByte)
    }

    private static func isValueByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 95, 46, 45: true
        default: false
        }
    }

    /// The value of the first segment when it is a tenant.
    package var tenant: ArraySlice<UInt8>? {
        guard let first = prefixLengths.first, bytes.starts(with: [UInt8]("tenant:".utf8)) else { return nil }
        return bytes[7..<first]
    }
}

/// Why a text is no scope path.
package enum ScopePathProblem: Error, Sendable {
    case segment, value, order

    /// The reason, for an error message.
    package var reason: String {
        switch self {
        case .segment:
            "must be segments level:id joined by '/', levels tenant, workspace, app, workflow, agent, toolset"
        case .value: "has an id that is not 1 to 128 characters of A-Z a-z 0-9 _ . -"
        case .order: "must have its levels in the order tenant, workspace, app, workflow, agent, toolset, each once"
        }
    }
}
