// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `GET /api/v1/Resource/definitions` and `GET /api/v1/Resource/tree`: what is registered, and how much of it is free
/// (decision Q13).
enum ListResources {
    static let endpoints = [
        endpoint("listDefinitions", "/api/v1/Resource/definitions") { $0.definitionsBody() },
        endpoint("getResourceTree", "/api/v1/Resource/tree") { $0.treeBody() },
    ]

    private static func endpoint(
        _ name: String, _ path: String, _ body: @escaping @Sendable (ResourceForest) -> [UInt8]
    ) -> Endpoint {
        Endpoint(name, .get, path, surface: .reservation, access: .tenant(.budgetsRead)) { input in
            guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
            return list([], principal, body)
        }
    }

    private static func list(
        _ found: [ListedDefinition], _ principal: Principal, _ body: @escaping @Sendable (ResourceForest) -> [UInt8]
    ) -> Step {
        let list = ListDefinitions(after: found.last?.name)
        let resume = Step.resuming { Self.list(found, $0, body) }
        return .reservationCall(of: principal, { list.call(for: principal, sweptMs: $0) }, resume: resume) {
            reply throws(ScriptFault) in
            let page = try list.outcome(reply)
            let found = found + page
            guard page.count == Limits.definitionsPerCall else { return .respond(.json(body(ResourceForest(found)))) }
            return Self.list(found, principal, body)
        }
    }
}

/// Definitions by their places.
private struct ResourceForest: Sendable {
    private let all: [ListedDefinition]
    private let byName: [[UInt8]: ListedDefinition]
    private let children: [[UInt8]: [ListedDefinition]]

    init(_ definitions: [ListedDefinition]) {
        all = definitions
        byName = Dictionary(definitions.map { ($0.name, $0) }) { _, last in last }
        children = Dictionary(grouping: definitions) { $0.definition.parent }
    }

    func definitionsBody() -> [UInt8] {
        var writer = JSONWriter(capacity: 16 + 128 * all.count)
        writer.beginArray()
        for listed in all { writer.definition(listed.name, listed.definition, ancestors: ancestors(of: listed)) }
        writer.endArray()
        return writer.finish()
    }

    func treeBody() -> [UInt8] {
        var writer = JSONWriter(capacity: 16 + 128 * all.count)
        writer.beginArray()
        // What lost its parent while the pages were read stands at the top.
        for listed in all where byName[listed.definition.parent] == nil { write(listed, below: [], to: &writer) }
        writer.endArray()
        return writer.finish()
    }

    private func ancestors(of listed: ListedDefinition) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var at = listed
        while names.count < Limits.treeDepthMax, let parent = byName[at.definition.parent] {
            names.insert(parent.name, at: 0)
            at = parent
        }
        return names
    }

    private func write(_ listed: ListedDefinition, below path: [[UInt8]], to writer: inout JSONWriter) {
        let path = path + [listed.name]
        writer.beginObject()
        writer.key("name")
        writer.string(listed.name)
        writer.key("path")
        writer.string(Array(path.joined(separator: [62])))
        writer.key("capacity")
        writer.int(listed.definition.capacity)
        writer.key("available")
        writer.int(listed.available)
        writer.key("children")
        writer.beginArray()
        if path.count <= Limits.treeDepthMax {
            for child in children[listed.name] ?? [] { write(child, below: path, to: &writer) }
        }
        writer.endArray()
        writer.endObject()
    }
}
