// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import HTTPAPI
import HTTPTypes
import OpenAPIFiles
import StrictJSON
import TestSupport
import Testing

@Suite("The OpenAPI files")
struct DocumentTests {
    /// Endpoints by method and path, parameters as `{}`.
    private static func key(_ method: String, _ segments: [String]) -> String {
        method + " /" + segments.map { $0.hasPrefix("{") ? "{}" : $0 }.joined(separator: "/")
    }

    private static let services = WebhookServices(
        box: nil, isRange: { _ in true }, check: { _, _ in nil },
        probe: { _ in ProbeResult(isSuccess: true, status: 200, tookMs: 0, problem: nil) })

    private static func endpoints(of file: OpenAPIFile) -> [Endpoint] {
        switch file {
        case .admin:
            // The one path of both planes.
            AdminAPI.endpoints + AdminAPI.webhookEndpoints(services)
                + CyclesAPI.endpoints.filter { $0.name == "getBalances" }
        case .cycles: CyclesAPI.endpoints
        case .reservation: ReservationAPI.endpoints
        }
    }

    @Test(
        "each describes the endpoints of its API, all of them and no others, under their names",
        arguments: OpenAPIFile.allCases)
    func operationsAreEndpoints(file: OpenAPIFile) throws {
        var described: [String: String] = [:]
        for operation in try OpenAPIDocument(file).operations {
            let key = Self.key(operation.method, operation.path.split(separator: "/").map(String.init))
            described[key] = operation.value.member("operationId")?.text
        }
        var served: [String: String] = [:]
        for endpoint in Self.endpoints(of: file) {
            served[Self.key(endpoint.method.rawValue, endpoint.pattern.map { $0 ?? "{}" })] = endpoint.name
        }
        for (key, name) in served { #expect(described[key] == name, "\(key) is served and not described so") }
        for key in described.keys { #expect(served[key] != nil, "\(key) is described and not served") }
    }

    @Test("each operation asks for the credentials that its endpoint asks for", arguments: OpenAPIFile.allCases)
    func credentialsAgree(file: OpenAPIFile) throws {
        let document = try OpenAPIDocument(file)
        for operation in document.operations {
            let key = Self.key(operation.method, operation.path.split(separator: "/").map(String.init))
            let endpoint = Self.endpoints(of: file).first {
                Self.key($0.method.rawValue, $0.pattern.map { $0 ?? "{}" }) == key
            }
            guard let endpoint else { continue }
            let security = operation.value.member("security") ?? document.root.member("security")
            let schemes = Set(security?.elements.flatMap { $0.members.compactMap(\.key.text) } ?? [])
            // The Reservation API takes a key as a bearer token, too (decision X4).
            let tenant: Set<String> = file == .reservation ? ["ApiKey", "BearerKey"] : ["ApiKey"]
            let expected: Set<String> =
                switch endpoint.access {
                case .open: []
                case .admin: ["AdminKey"]
                case .tenant, .optionalKey: tenant
                case .tenantOrAdmin, .anyKey: tenant.union(["AdminKey"])
                }
            #expect(schemes == expected, "\(key)")
        }
    }

    @Test("every example fits the schema it stands in", arguments: OpenAPIFile.allCases)
    func examplesFit(file: OpenAPIFile) throws {
        let document = try OpenAPIDocument(file)
        var count = 0
        visit(document.root, at: "#") { schema, path in
            guard let examples = schema.member("examples"), examples.kind == .array else { return }
            for (index, example) in examples.elements.enumerated() {
                count += 1
                let problems = SchemaCheck.problems(
                    of: example, against: schema, in: document, at: "\(path).examples[\(index)]")
                #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
            }
        }
        #expect(count >= 5)
    }

    @Test("every reference leads somewhere, and everything that can be referred to is", arguments: OpenAPIFile.allCases)
    func referencesResolve(file: OpenAPIFile) throws {
        let document = try OpenAPIDocument(file)
        var used: Set<String> = ["#/components/responses/UnknownPath", "#/components/responses/WrongMethod"]
        visit(document.root, at: "#") { value, path in
            guard let reference = value.member("$ref")?.text else { return }
            used.insert(reference)
            #expect(throws: Never.self, "\(path)") { try document.target(of: reference) }
        }
        for kind in document.root.member("components")?.members ?? document.root.members {
            guard let group = kind.key.text, group != "securitySchemes" else { continue }
            for member in kind.value.members {
                let reference = "#/components/\(group)/\(member.key.text ?? "")"
                #expect(used.contains(reference), "nothing refers to \(reference)")
            }
        }
    }

    @Test(
        "objects say whether they are closed; every operation has a name, a summary and answers with both ids",
        arguments: OpenAPIFile.allCases)
    func completeness(file: OpenAPIFile) throws {
        let document = try OpenAPIDocument(file)
        for schema in try document.target(of: "#/components/schemas").members {
            guard schema.value.member("properties") != nil else { continue }
            #expect(schema.value.member("additionalProperties") != nil, "\(schema.key.text ?? "")")
        }
        var names: Set<String> = []
        for operation in document.operations {
            let name = operation.value.member("operationId")?.text ?? ""
            #expect(!name.isEmpty && names.insert(name).inserted, "\(operation.path)")
            #expect(operation.value.member("summary")?.text?.isEmpty == false, "\(name)")
            for member in operation.value.member("responses")?.members ?? document.root.members {
                let response = try document.resolved(member.value)
                for header in ["X-Request-Id", "X-Cycles-Trace-Id"] {
                    #expect(
                        response.member("headers")?.member(named: header) != nil, "\(name) \(member.key.text ?? "")")
                }
                let content = response.member("content")
                let media = content?.member("application/json") ?? content?.member("text/event-stream")
                if member.key.text == "204" {
                    #expect(content == nil, "\(name)")
                } else {
                    #expect(media?.member("schema") != nil, "\(name)")
                }
            }
        }
        #expect(names.count >= 3)
    }

    /// Calls `body` with every object of a document.
    private func visit(_ value: JSONValue, at path: String, _ body: (JSONValue, String) -> Void) {
        if value.kind == .object {
            body(value, path)
            for member in value.members where member.key.text != "examples" {
                visit(member.value, at: "\(path)/\(member.key.text ?? "")", body)
            }
        }
        for (index, element) in value.elements.enumerated() { visit(element, at: "\(path)/\(index)", body) }
    }

    @Test("the server serves each file as it is in the repository, to everybody", arguments: OpenAPIFile.allCases)
    func filesAreServed(file: OpenAPIFile) throws {
        let match = RouteTable(OpenAPIDocuments.endpoints).match(.get, "/openapi/\(file.name)"[...])
        guard case .found(let endpoint, _) = match else {
            Issue.record("no endpoint for \(file.name)")
            return
        }
        guard case .open = endpoint.access else {
            Issue.record("\(file.name) asks for a key")
            return
        }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let inRepository = try Data(contentsOf: root.appending(path: "docs/api/\(file.name)"))
        #expect(Data(file.bytes) == inRepository)
        #expect(inRepository.starts(with: Data("openapi: 3.1.0\n".utf8)))
    }
}
