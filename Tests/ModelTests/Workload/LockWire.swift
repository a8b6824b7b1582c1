// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON

/// Lock requests as HTTP has them, and answers read back. One HTTP request may carry several of a kind.
enum LockWire {
    /// The request on the wire for acquisitions, for releases, or for one check.
    static func request(_ requests: [LockRequest], apiKey: String) -> ModelStack.WireRequest {
        let headers: HTTPFields = [.apiKey: apiKey]
        if case .check(let name)? = requests.first {
            return .init(method: .get, target: "/api/v1/Reservation/check/\(name)", headers: headers)
        }
        var verb = "reserve"
        let items = requests.map { request in
            switch request {
            case .acquire(let requester, let name, let ttlSeconds):
                return #"{"requester":"\#(requester)","resource":"\#(name)""#
                    + (ttlSeconds.map { ",\"ttlSeconds\":\($0)" } ?? "") + "}"
            case .release(let requester, let name, let token):
                verb = "unreserve"
                return #"{"requester":"\#(requester)","resource":"\#(name)","releaseToken":"\#(token)"}"#
            case .check: return "{}"
            }
        }
        return .init(
            method: .post, target: "/api/v1/Reservation/\(verb)", headers: headers,
            body: Array("[\(items.joined(separator: ","))]".utf8))
    }

    /// What a response says about each of the requests.
    static func answers(to requests: [LockRequest], _ response: APIResponse?) -> [LockAnswer] {
        guard let response else { return requests.map { _ in .unknown(claimsNoEffect: false) } }
        let text = String(decoding: response.body, as: UTF8.self)
        let status = response.status.code
        do {
            let root = try JSONDocument.parse(response.body).root
            if status == 503 {
                guard response.headers[.retryAfter] != nil else { throw BadAnswer(what: "503 without Retry-After") }
                let claims = try !root.text("error").contains("the outcome is unknown")
                return requests.map { _ in .unknown(claimsNoEffect: claims) }
            }
            if case .check? = requests.first { return [try check(root, status)] }
            let items = Array(root.elements)
            guard status == 200 || status == 403, items.count == requests.count else { throw BadAnswer(what: "shape") }
            return try zip(requests, items).map { request, item in
                guard try item.need("resource").isString(request.name) else { throw BadAnswer(what: "resource") }
                return try answer(item, status)
            }
        } catch {
            return requests.map { _ in .strange("\(status) \(text): \(error)") }
        }
    }

    private static func check(_ root: JSONValue, _ status: Int) throws -> LockAnswer {
        guard status == 200 else { throw BadAnswer(what: "status") }
        return try root.truth("isReserved") ? .heldBy(try root.text("holder")) : .free
    }

    private static func answer(_ item: JSONValue, _ status: Int) throws -> LockAnswer {
        let word = try item.text("status")
        switch word {
        case "ACQUIRED": return .acquired(try hold(item))
        case "ALREADY_HAD": return .alreadyHad(try hold(item))
        case "ALREADY_HELD":
            guard let blocker = try item.need("blockedBy").elements.first(where: { _ in true }) else {
                throw BadAnswer(what: "no blocker")
            }
            return .alreadyHeld(by: try blocker.text("holder"), untilMs: try blocker.instantMs("until"))
        case "RELINQUISHED": return .relinquished
        case "NOT_RESERVED": return .notReserved
        case "DOESNT_OWN_RESERVATION":
            guard try item.text("explanation").hasPrefix("releaseToken") else { return .notOwner }
            guard status == 403 else { throw BadAnswer(what: "a wrong token without 403") }
            return .badToken
        default: throw BadAnswer(what: "status \(word)")
        }
    }

    private static func hold(_ item: JSONValue) throws -> LockAnswer.Hold {
        .init(
            token: try item.text("releaseToken"), fence: try item.integer("fencingToken"),
            expiresMs: try item.instantMs("expiresAt"))
    }
}
