// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LuaCatalog
import SharedKernel

/// Endpoints that need no tenant: what they do is the server's part only.
enum TestEndpoints {
    static let all = [
        Endpoint("echo", .post, "/v1/echo", surface: .cycles, access: .open) { input in
            .respond(.json(input.request.body))
        },
        Endpoint("echoThere", .post, "/api/v1/echo", surface: .reservation, access: .open) { input in
            .respond(.json(input.request.body, status: .created, headers: [.location: "/api/v1/echo/1"]))
        },
        Endpoint("thing", .get, "/v1/things/{id}", surface: .cycles, access: .open) { input in
            .respond(.json(input.request.parameters[0] + [63] + Array(input.request.query.utf8)))
        },
        Endpoint("fields", .get, "/v1/fields", surface: .cycles, access: .open) { input in
            let text = input.request.headers.map { "\($0.name.canonicalName)=\($0.value)" }.joined(separator: "|")
            return .respond(.json([UInt8](text.utf8)))
        },
        Endpoint("operatorOnly", .get, "/v1/admin/secret", surface: .admin, access: .admin) { _ in
            .respond(.json([UInt8]("{}".utf8)))
        },
        Endpoint("operatorEcho", .post, "/v1/admin/echo", surface: .admin, access: .admin) { input in
            .respond(.json(input.request.body))
        },
        Endpoint("store", .get, "/v1/store", surface: .cycles, access: .open) { askStore($0) },
    ]

    /// One script call that only reads.
    static func askStore(_ input: Endpoint.Input) -> Step {
        var call = ScriptCall(.sweepDue, keys: [input.installation.keyspace.shards[0].prefix])
        call.append(decimal: 1)
        call.append(decimal: 0)
        return .call(call) { (reply) throws(ScriptFault) in .respond(.json(reply.word)) }
    }
}
