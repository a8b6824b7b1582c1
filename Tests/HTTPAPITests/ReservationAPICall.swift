// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LuaCatalog
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// Calls of the Reservation API without a server: the step an endpoint plans for a request.
enum ReservationAPICall {
    static func principal(tag: String = "A1") throws -> Principal {
        let tenant = try #require(TenantID("acme"))
        return Principal(
            tenant: tenant, shard: Keyspace(shardCount: 64).shard(of: tenant), tag: [UInt8](tag.utf8),
            keyID: [UInt8]("key-1".utf8), keyName: [UInt8]("main key".utf8),
            permissions: PermissionSet(Permission.allCases), scopeFilter: [], expiresAtMs: .max, terms: TenantTerms())
    }

    /// Plans a request as the pipeline does, path look-up included.
    static func plan(_ method: HTTPRequest.Method, _ target: String, _ body: [UInt8] = []) throws -> Step {
        var request = APIRequest(
            method: method, target: target, headers: [:], body: body, correlation: Correlation(headers: [:]))
        guard
            case .found(let endpoint, let parameters) = RouteTable(ReservationAPI.endpoints).match(method, request.path)
        else { throw Unexpected(what: "no endpoint for \(target)") }
        request.parameters = parameters
        let installation = Installation(
            keyspace: Keyspace(shardCount: 64), salt: IdentitySalt(bytes: [UInt8](repeating: 7, count: 32)),
            keepMs: Limits.retentionFinalFloorMs)
        return endpoint.plan(
            .init(
                request: request, caller: .tenant(try principal()), installation: installation, nowMs: 1_700_000_000_000
            ))
    }

    static func reserve(_ body: String) throws -> Step {
        try plan(.post, "/api/v1/Reservation/reserve", [UInt8](body.utf8))
    }

    static func unreserve(_ body: String) throws -> Step {
        try plan(.post, "/api/v1/Reservation/unreserve", [UInt8](body.utf8))
    }

    /// The step after a script's reply of these words.
    static func next(_ step: Step, _ words: [String]) throws -> Step {
        guard case .call(let invocation) = step else { throw Unexpected(what: "no call: \(step)") }
        let reply = try ScriptReply(
            .array(words.map { .bulk([UInt8]($0.utf8)) }), of: invocation.call.script.name)
        return try invocation.next(reply)
    }

    /// The step that goes on from a stale call with fresh facts.
    static func resume(_ step: Step, tag: String) throws -> Step {
        guard case .call(let invocation) = step, let resume = invocation.resume else {
            throw Unexpected(what: "no way to resume: \(step)")
        }
        return resume(.tenant(try principal(tag: tag)))
    }

    /// The words of a step's call after the keys.
    static func arguments(_ step: Step) throws -> [String] {
        guard case .call(let invocation) = step else { throw Unexpected(what: "no call: \(step)") }
        let lines = String(decoding: RedisCommand(invocation.call.words).bytes, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        return stride(from: 12, to: lines.count, by: 2).map { String(lines[$0]) }
    }

    static func response(_ step: Step) throws -> APIResponse {
        guard case .respond(let response) = step else { throw Unexpected(what: "no response: \(step)") }
        return response
    }

    static func refusal(_ step: Step) throws -> APIError {
        guard case .refuse(let error) = step else { throw Unexpected(what: "no refusal: \(step)") }
        return error
    }

    struct Unexpected: Error {
        let what: String
    }
}
