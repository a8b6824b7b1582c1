// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// A tenant to try things with: an API key and a budget, made through the admin API as anybody would.
struct DemoTenant: Sendable {
    static let id = "demo"
    /// 1,000 dollars.
    static let allocated = 100_000_000_000

    let apiKey: String

    /// The server did not do what it was asked.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// The one with this key, created before.
    init(apiKey: String) { self.apiKey = apiKey }

    /// Creates it on a server that is ready.
    init(on server: LoopbackHTTP, adminKey: String) throws {
        let admin = ["X-Admin-API-Key": adminKey]
        _ = try Self.create(server, "tenants", admin, #"{"tenant_id":"\#(Self.id)","name":"Demo"}"#)
        let key = try Self.create(server, "api-keys", admin, #"{"tenant_id":"\#(Self.id)","name":"demo key"}"#)
        guard let secret = try? JSONDocument.parse(key).root.member("key_secret")?.stringBytes() else {
            throw Refusal(description: "The server's answer to the creation of an API key has no key in it.")
        }
        apiKey = String(decoding: secret, as: UTF8.self)
        let budget =
            #"{"scope":"tenant:\#(Self.id)","unit":"USD_MICROCENTS","allocated":"#
            + #"{"unit":"USD_MICROCENTS","amount":\#(Self.allocated)}}"#
        _ = try Self.create(server, "budgets", ["X-Cycles-API-Key": apiKey], budget)
    }

    private static func create(
        _ server: LoopbackHTTP, _ what: String, _ headers: [String: String], _ body: String
    ) throws -> [UInt8] {
        let path = "/v1/admin/\(what)"
        let answer = try server.send("POST", path, headers: headers, json: body)
        guard answer.status == 200 || answer.status == 201 else {
            throw Refusal(description: "The server answered POST \(path) with \(answer.summary)")
        }
        return answer.body
    }
}
