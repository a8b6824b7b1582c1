// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

/// Where a server is: `http://host:port`, or `https`, with a path in front of all paths where a proxy wants one.
struct ServerURL: Sendable, CustomStringConvertible {
    let isSecure: Bool
    let host: String
    let port: Int
    /// Without a slash at its end.
    let prefix: String

    /// Reads an address; nil when it is none.
    init?(_ text: String) {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https",
            parts.user == nil, parts.query == nil, parts.fragment == nil
        else { return nil }
        isSecure = scheme == "https"
        // An IPv6 address stands in brackets in a URL alone.
        self.host = host.trimmingCharacters(in: ["[", "]"])
        port = parts.port ?? (isSecure ? 443 : 80)
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        prefix = path
    }

    /// Host and port as the Host header has them.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    var description: String { "\(isSecure ? "https" : "http")://\(authority)\(prefix)" }
}
