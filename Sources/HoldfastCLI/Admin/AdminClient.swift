// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation
internal import NIOHTTP1
internal import StrictJSON

/// The admin plane of a server, for whoever has this key.
struct AdminClient: Sendable {
    /// The headers that keys go in.
    enum KeyHeader: String {
        case operatorKey = "X-Admin-API-Key"
        case tenantKey = "X-Cycles-API-Key"
    }

    /// An answer of success; one without a body is an empty object.
    struct Answer: Sendable {
        let root: JSONValue
        let headers: HTTPHeaders
    }

    /// The server said no.
    struct Refusal: Error, CustomStringConvertible {
        let status: Int
        let code: String
        let message: String
        let requestID: String?
        /// JSON with facts that help.
        var details: String?

        var description: String {
            let request = requestID.map { " (request \($0))" } ?? ""
            return "\(code): \(message)\(request)" + (details.map { "\n" + $0 } ?? "")
        }
    }

    let url: ServerURL
    let key: String
    var keyHeader = KeyHeader.operatorKey

    /// Sends a request; a query parameter that is nil is left out.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String?)] = [], body: [UInt8]? = nil
    ) async throws -> Answer {
        let pairs = query.compactMap { pair in pair.value.map { "\(pair.name)=\(Self.escaped($0))" } }
        let target = pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
        let response = try await HTTPExchange(
            url: url, method: method, target: target, headers: [(keyHeader.rawValue, key)], body: body
        ).run()
        let isEmpty = response.status == 204
        let root = try? JSONDocument.parse(isEmpty ? [UInt8]("{}".utf8) : response.body, maxDepth: 64).root
        guard [200, 201, 202, 204].contains(response.status) else { throw Self.refusal(response, root) }
        guard let root else { throw HTTPExchange.Failure(description: "\(url) did not answer with JSON") }
        return Answer(root: root, headers: response.headers)
    }

    private static func refusal(_ response: HTTPExchange.Response, _ root: JSONValue?) -> Refusal {
        func text(_ name: StaticString) -> String? {
            root?.member(name)?.stringBytes().map { TableText.printable(String(decoding: $0, as: UTF8.self)) }
        }
        return Refusal(
            status: response.status, code: text("error") ?? "HTTP \(response.status)",
            message: text("message") ?? "the server gave no reason", requestID: text("request_id"),
            details: root?.member("details").map(TableText.text))
    }

    /// A text as a path segment or query value.
    static func escaped(_ text: String) -> String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
