// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes

/// Finds the endpoint of a path. Built once; a look-up costs one pass over the path's segments.
package struct RouteTable: Sendable {
    /// What a path leads to.
    package enum Match: Sendable {
        case found(Endpoint, parameters: [[UInt8]])
        /// The path is known, not with this method.
        case methodNotAllowed(Surface, allowed: [HTTPRequest.Method])
        case notFound(Surface)
        /// A parameter is not percent-encoded UTF-8.
        case malformed(Surface)
    }

    /// One segment's place in the tree. Keys are in lower case, as all paths outside the Reservation API are.
    private final class Node: Sendable {
        let literals: [String: Node]
        let parameter: Node?
        let endpoints: [Endpoint]

        init(_ routes: [(Endpoint, ArraySlice<String?>)]) {
            var byLiteral: [String: [(Endpoint, ArraySlice<String?>)]] = [:]
            var byParameter: [(Endpoint, ArraySlice<String?>)] = []
            var here: [Endpoint] = []
            for (endpoint, rest) in routes {
                guard let head = rest.first else {
                    here.append(endpoint)
                    continue
                }
                if let literal = head {
                    byLiteral[literal.lowercased(), default: []].append((endpoint, rest.dropFirst()))
                } else {
                    byParameter.append((endpoint, rest.dropFirst()))
                }
            }
            literals = byLiteral.mapValues(Node.init)
            parameter = byParameter.isEmpty ? nil : Node(byParameter)
            endpoints = here
        }
    }

    private let root: Node

    /// A table of these endpoints.
    package init(_ endpoints: [Endpoint]) {
        root = Node(endpoints.map { ($0, $0.pattern[...]) })
    }

    /// Looks up a path without its query.
    package func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        let surface = Self.surface(of: path)
        let foldsCase = surface == .reservation
        var node = root
        var raw: [Substring] = []
        var parent = root
        // The last segment, where it is a literal.
        var last: Substring?
        for segment in path.split(separator: "/") {
            parent = node
            last = nil
            if let next = node.literals[foldsCase ? segment.lowercased() : String(segment)] {
                node = next
                last = segment
            } else if let next = node.parameter {
                raw.append(segment)
                node = next
            } else {
                return .notFound(surface)
            }
        }
        if let last, let other = parent.parameter, !node.endpoints.contains(where: { $0.method == method }),
            other.endpoints.contains(where: { $0.method == method })
        {
            // The last word of a path may be the name of something: DELETE /api/v1/Resource/tree.
            raw.append(last)
            node = other
        }
        guard !node.endpoints.isEmpty else { return .notFound(surface) }
        guard let endpoint = node.endpoints.first(where: { $0.method == method }) else {
            return .methodNotAllowed(surface, allowed: node.endpoints.map(\.method))
        }
        var parameters: [[UInt8]] = []
        for text in raw {
            guard let value = percentDecoded(text.utf8), isValidUTF8(value) else { return .malformed(surface) }
            parameters.append(value)
        }
        return .found(endpoint, parameters: parameters)
    }

    /// The API that a path belongs to, known endpoint or not.
    package static func surface(of path: Substring) -> Surface {
        if path.hasPrefix("/v1/admin") { return .admin }
        if path.hasPrefix("/v1/") { return .cycles }
        let start = path.prefix(6).lowercased()
        if start.hasPrefix("/api/") || start == "/auth/" { return .reservation }
        return .operations
    }
}
