// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import OpenAPIFiles
internal import StrictJSON

/// Holds responses against an OpenAPI document: the status must be described for the operation, no header may be there
/// that is not, and the body must fit its schema.
package struct ResponseValidator: Sendable {
    /// A response that is not as described.
    package struct Mismatch: Error, CustomStringConvertible {
        /// What does not fit, each with the path to it.
        package let problems: [String]
        let request: String
        let document: String
        let body: String

        package var description: String {
            """
            the response to \(request) is not as \(document) describes it:
            \(problems.map { "  " + $0 }.joined(separator: "\n"))
            \(body)
            """
        }
    }

    /// The admin plane's.
    package static let admin = own(.admin)
    /// The runtime plane's.
    package static let cycles = own(.cycles)
    /// The Reservation API's.
    package static let reservation = own(.reservation)

    private let document: OpenAPIDocument

    /// Headers that HTTP itself brings along.
    private static let transport: Set<String> = ["content-type", "content-length", "date", "connection"]

    /// A validator over a document.
    package init(_ document: OpenAPIDocument) { self.document = document }

    private static func own(_ file: OpenAPIFile) -> ResponseValidator {
        do {
            return ResponseValidator(try OpenAPIDocument(file))
        } catch {
            preconditionFailure("\(file.name) cannot be read: \(error)")
        }
    }

    /// The validator whose document describes a method of a path, with its query.
    package static func forRequest(_ method: String, _ target: String) -> ResponseValidator {
        let path = target.prefix { $0 != "?" }
        let start = path.prefix(6).lowercased()
        if start.hasPrefix("/api/") || start == "/auth/" { return reservation }
        if path.hasPrefix("/v1/admin") || path.hasPrefix("/v1/auth/") { return admin }
        if path == "/v1/webhooks" || path.hasPrefix("/v1/webhooks/") { return admin }
        // One path, two planes: booking spending is the runtime's, listing events the admin plane's.
        if path == "/v1/events" { return method == "GET" ? admin : cycles }
        guard path == "/v1/balances" else { return cycles }
        // One path, two views: that of ledgers is the admin plane's.
        let names = target.dropFirst(path.count + 1).split(separator: "&").map { $0.prefix { $0 != "=" } }
        let levels: Set<Substring> = ["tenant", "workspace", "app", "workflow", "agent", "toolset"]
        let filters: Set<Substring> = ["tenant_id", "scope_prefix", "unit"]
        return levels.isDisjoint(with: names) && !filters.isDisjoint(with: names) ? admin : cycles
    }

    /// Checks a response. `target` is a path, with or without a query, or a template; `headers` are nil where the
    /// response never had any, before the pipeline.
    package func check(
        _ method: String, _ target: String, status: Int, headers: [(name: String, value: String)]?,
        contentType: String = "application/json", body: [UInt8]
    ) throws(Mismatch) {
        var problems: [String] = []
        do throws(OpenAPIDocument.DeadReference) {
            if let response = try response(method, target, status, &problems) {
                if let headers { try check(headers, response, &problems) }
                try check(body, contentType, response, &problems)
            }
        } catch {
            problems.append(error.description)
        }
        guard !problems.isEmpty else { return }
        throw Mismatch(
            problems: problems, request: "\(method) \(target), \(status),", document: document.name,
            body: String(decoding: body.prefix(1_000), as: UTF8.self))
    }

    /// The response object of an answer. A path or method that is not described has one answer each.
    private func response(
        _ method: String, _ target: String, _ status: Int, _ problems: inout [String]
    ) throws(OpenAPIDocument.DeadReference) -> JSONValue? {
        let path = document.template(of: target)
        guard let item = path.flatMap({ document.root.member("paths")?.member(named: $0) }) else {
            guard status == 404 else {
                problems.append("the path is not described")
                return nil
            }
            return try document.target(of: "#/components/responses/UnknownPath")
        }
        guard let operation = item.member(named: method.lowercased()) else {
            guard status == 405 else {
                problems.append("the method is not described for \(path ?? "")")
                return nil
            }
            return try document.target(of: "#/components/responses/WrongMethod")
        }
        let responses = operation.member("responses")
        guard let response = responses?.member(named: String(status)) ?? responses?.member("default") else {
            problems.append("the status \(status) is not described for \(method) \(path ?? "")")
            return nil
        }
        return try document.resolved(response)
    }

    private func check(
        _ headers: [(name: String, value: String)], _ response: JSONValue, _ problems: inout [String]
    ) throws(OpenAPIDocument.DeadReference) {
        var described: Set<String> = Self.transport
        if let declared = response.member("headers") {
            for member in declared.members {
                let name = member.key.text ?? ""
                described.insert(name.lowercased())
                let header = try document.resolved(member.value)
                guard let found = headers.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                    if header.member("required")?.bool() == true { problems.append("header \(name): is missing") }
                    continue
                }
                guard let schema = header.member("schema") else { continue }
                problems += SchemaCheck.problems(
                    of: try headerValue(found.value, schema), against: schema, in: document, at: "header \(name)")
            }
        }
        for (name, _) in headers where !described.contains(name.lowercased()) {
            problems.append("header \(name): is not described")
        }
    }

    /// A header's value as its schema wants to see it.
    private func headerValue(_ text: String, _ schema: JSONValue) throws(OpenAPIDocument.DeadReference) -> JSONValue {
        let isText = try document.resolved(schema).member("type")?.isString("string") == true
        if !isText, let document = try? JSONDocument.parse([UInt8](text.utf8), maxDepth: 0) { return document.root }
        var writer = JSONWriter(capacity: text.utf8.count + 2)
        writer.string(text)
        guard let document = try? JSONDocument.parse(writer.finish()) else { return schema }
        return document.root
    }

    private func check(
        _ body: [UInt8], _ contentType: String, _ response: JSONValue, _ problems: inout [String]
    ) throws(OpenAPIDocument.DeadReference) {
        guard let content = response.member("content"), content.count > 0 else {
            if !body.isEmpty { problems.append("body: must be empty") }
            return
        }
        let type = String(contentType.prefix { $0 != ";" })
        guard let media = content.member(named: type) else {
            problems.append("content type: \(type) is not described")
            return
        }
        guard let schema = media.member("schema"), type == "application/json" else { return }
        do throws(JSONSyntaxError) {
            let value = try JSONDocument.parse(body, maxDepth: 128).root
            problems += SchemaCheck.problems(of: value, against: schema, in: document, at: "body")
        } catch {
            problems.append("body: is not JSON: \(error)")
        }
    }
}
