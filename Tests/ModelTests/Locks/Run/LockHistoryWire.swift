// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON

/// Requests of a history as HTTP has them, and answers read back.
enum LockHistoryWire {
    typealias Request = LockHistory.Request
    typealias Item = LockHistory.Item
    typealias Answer = LockHistory.Answer
    typealias Grant = LockHistory.Grant

    private static let root = "/api/v1/Reservation"

    // MARK: Requests

    static func request(_ request: Request, apiKey: String) -> ModelStack.WireRequest {
        let first = request.items.first ?? Item()
        let items = "[\(request.items.map(json).joined(separator: ","))]"
        let headers: HTTPFields = [.apiKey: apiKey]
        func post(_ path: String, _ body: String) -> ModelStack.WireRequest {
            .init(method: .post, target: path, headers: headers, body: Array(body.utf8))
        }
        if let method = request.method {
            let type = request.verb == .reserve ? "RESERVE" : "UNRESERVE"
            let body = #"[{"method":"\#(method.rawValue)","requestType":"\#(type)","requests":\#(items)}]"#
            return post(root + "/transactions", body)
        }
        switch request.verb {
        case .reserve, .unreserve, .renew: return post("\(root)/\(request.verb.rawValue)", items)
        case .check where request.items.count == 1:
            return .init(method: .get, target: "\(root)/check/\(first.resource)", headers: headers)
        case .check:
            let names = request.items.map { "\"\($0.resource)\"" }.joined(separator: ",")
            return post(root + "/check", "{\"resources\":[\(names)]}")
        case .releaseAll:
            return .init(method: .delete, target: "\(root)/requester/\(first.requester)", headers: headers)
        case .force:
            let body = #"{"tenant":"\#(BudgetTree.tenant)","resource":"\#(first.resource)"}"#
            return .init(
                method: .post, target: "/api/v1/Tenant/force-unreserve", headers: [.adminAPIKey: ModelStack.adminKey],
                body: Array(body.utf8))
        }
    }

    /// A token or a time that the verb has no use for is not looked at.
    private static func json(_ item: Item) -> String {
        var text = #"{"requester":"\#(item.requester)","resource":"\#(item.resource)""#
        if !item.token.isEmpty { text += #","releaseToken":"\#(item.token)""# }
        if let ttlSeconds = item.ttlSeconds { text += ",\"ttlSeconds\":\(ttlSeconds)" }
        return text + "}"
    }

    // MARK: Answers

    /// What a response says of each item.
    static func answers(to request: Request, _ response: APIResponse?) -> [Answer] {
        guard let response, response.status != .serviceUnavailable else { return request.items.map { _ in .unknown } }
        let status = response.status.code
        do {
            let root = try JSONDocument.parse(response.body).root
            switch request.verb {
            case .force: return [try force(root, status)]
            case .releaseAll:
                guard status == 200 else { throw BadAnswer(what: "status") }
                return [.releasedAll(try root.integer("released"))]
            case .check:
                guard status == 200 else { throw BadAnswer(what: "status") }
                return try each(request, request.items.count == 1 ? [root] : Array(root.elements), check)
            case .reserve, .unreserve, .renew:
                guard status == 200 || status == 403 else { throw BadAnswer(what: "status") }
                let answers = try results(request, root)
                guard answers.contains(.badToken) == (status == 403) else { throw BadAnswer(what: "403") }
                return answers
            }
        } catch {
            let text = "\(status) \(String(decoding: response.body, as: UTF8.self)): \(error)"
            return request.items.map { _ in .strange(text) }
        }
    }

    private static func each(
        _ request: Request, _ values: [JSONValue], _ read: (JSONValue) throws -> Answer
    ) throws -> [Answer] {
        guard values.count == request.items.count || request.method == .first && values.count < request.items.count
        else { throw BadAnswer(what: "number of items") }
        return try zip(request.items, values).map { item, value in
            guard try value.need("resource").isString(item.resource) else { throw BadAnswer(what: "resource") }
            return try read(value)
        }
    }

    private static func results(_ request: Request, _ root: JSONValue) throws -> [Answer] {
        guard let method = request.method else { return try each(request, Array(root.elements), item) }
        guard root.count == 1, let whole = root.elements.first(where: { _ in true }) else {
            throw BadAnswer(what: "number of transactions")
        }
        let answers = try each(request, Array(try whole.need("results").elements), item)
        let isDone = request.verb == .reserve ? answers.map(\.isHeld) : answers.map(\.isFree)
        let isSuccess =
            switch (request.verb, method) {
            case (_, .allOrNone): isDone.allSatisfy(\.self)
            case (.unreserve, .first): answers.contains(where: \.isRelease)
            default: isDone.contains(true)
            }
        guard try whole.truth("success") == isSuccess else { throw BadAnswer(what: "success") }
        let fence = isSuccess ? answers.compactMap(\.fence).max() : nil
        guard try whole.need("fencingToken").int64() == fence else { throw BadAnswer(what: "its fencingToken") }
        return answers
    }

    private static func check(_ value: JSONValue) throws -> Answer {
        guard try value.truth("isReserved") else { return .free }
        return .held(by: try value.optionalText("holder"))
    }

    private static func force(_ root: JSONValue, _ status: Int) throws -> Answer {
        if status == 400 { return .notForced }
        guard status == 200 else { throw BadAnswer(what: "status") }
        switch try root.text("status") {
        case "NOT_RESERVED": return .notReserved
        case "RELINQUISHED": return .forced(from: try root.text("requester"), try root.names("released"))
        default: throw BadAnswer(what: "status")
        }
    }

    private static func item(_ value: JSONValue) throws -> Answer {
        let explanation = try value.text("explanation")
        switch try value.text("status") {
        case "ACQUIRED": return .acquired(try grant(value))
        case "ALREADY_HAD": return .alreadyHad(try grant(value))
        case "RENEWED": return .renewed(try grant(value))
        case "ALREADY_HELD": return .refused(try obstacles(value))
        case "NOT_AVAILABLE": return value.member("blockedBy") == nil ? .rolledBack : .refused(try obstacles(value))
        case "NOT_VALID": return .notValid
        case "RELINQUISHED": return .relinquished(try value.names("released"))
        case "NOT_RESERVED": return .notReserved
        case "ROLLED_BACK": return .rolledBack
        case "DOESNT_OWN_RESERVATION": return explanation.hasPrefix("releaseToken") ? .badToken : .notOwner
        case let word: throw BadAnswer(what: "status \(word)")
        }
    }

    private static func grant(_ value: JSONValue) throws -> Grant {
        var slots: [String: String] = [:]
        for member in try value.need("acquiredSlots").members {
            guard let pool = member.key.stringBytes(), let slot = member.value.stringBytes() else {
                throw BadAnswer(what: "acquiredSlots")
            }
            slots[String(decoding: pool, as: UTF8.self)] = String(decoding: slot, as: UTF8.self)
        }
        let path = try value.optionalText("reservedAtPath") ?? ""
        return Grant(
            token: try value.text("releaseToken"), fence: try value.integer("fencingToken"), slots: slots,
            blockers: try value.names("acquiredBlockers"), path: path.split(separator: ">").map(String.init))
    }

    private static func obstacles(_ value: JSONValue) throws -> [LockHistory.Obstacle] {
        try value.need("blockedBy").elements.map { obstacle in
            guard let kind = LockHistory.Obstacle.Kind(rawValue: try obstacle.text("kind")) else {
                throw BadAnswer(what: "kind")
            }
            return .init(name: try obstacle.text("name"), kind: kind, holder: try obstacle.optionalText("holder"))
        }
    }
}

extension LockHistory.Answer {
    /// Whether nobody holds the resource then.
    fileprivate var isFree: Bool { self == .notReserved || isRelease }

    fileprivate var fence: Int64? {
        switch self {
        case .acquired(let grant), .alreadyHad(let grant): grant.fence
        default: nil
        }
    }
}

extension JSONValue {
    /// A string that may be null.
    fileprivate func optionalText(_ name: StaticString) throws(BadAnswer) -> String? {
        try need(name).isNull ? nil : try text(name)
    }

    /// A list of strings; null is an empty one.
    fileprivate func names(_ name: StaticString) throws(BadAnswer) -> [String] {
        var names: [String] = []
        for element in try need(name).elements {
            guard let bytes = element.stringBytes() else { throw BadAnswer(what: "\(name)") }
            names.append(String(decoding: bytes, as: UTF8.self))
        }
        return names
    }
}
