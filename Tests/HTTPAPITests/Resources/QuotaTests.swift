// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Quotas of the Reservation API")
struct QuotaTests {
    /// A quota that leaves nothing.
    private static let empty = [
        ("operations_per_minute", "OPS_PER_MINUTE", 60), ("operations_per_day", "OPS_PER_DAY", 86_400),
        ("concurrent_reservations", "CONCURRENT_RESERVATIONS", 60),
    ]

    /// What is counted in the keys of a family, of whatever minute or day.
    private func counted(_ t: ResourceTenant, _ family: String) async throws -> Int64 {
        var sum: Int64 = 0
        for key in try await t.keys() where key.contains(family + ":") {
            sum += Int64(try await t.redis([UInt8]("GET".utf8), [UInt8](key.utf8)).text ?? "") ?? 0
        }
        return sum
    }

    /// Exchanging a key for a token is an operation as well.
    private static let routes: [(method: HTTPRequest.Method, path: String, body: String)] =
        ResourceRow.ofTenants.map { ($0.method, $0.path, $0.body) }
        + ResourceTenant.exchanges.map { (.post, $0, "") }

    @Test("Code 429, X5: every field of the body, and Retry-After the same as in it, above 0", arguments: empty)
    func body(quota: String, kind: String, longest: Int) async throws {
        let t = try await ResourceStack.tenant("quota-body")
        for limit in [0, 2] as [Int64] {
            try await t.set("limits", #"{"\#(quota)":\#(limit)}"#)
            var refused: ResourceAnswer?
            // A minute, or a day, may end in the middle; then as many go through again.
            for number in 0..<9 where refused == nil {
                let answer = try await t.reserve("w", "\(limit)-\(number)")
                if answer.status == 429 { refused = answer } else { #expect(answer.statuses == ["ACQUIRED"]) }
            }
            let answer = try #require(refused)
            #expect(answer.error.contains("\(limit)"), "\(answer.error)")
            if kind == "OPS_PER_DAY" { #expect(answer.error.contains("midnight UTC")) }
            #expect(answer.root.string("tier")?.isEmpty == false)
            #expect(answer.root.int("limit") == limit && answer.root.string("limitType") == kind)
            #expect(answer.root.member("upgradeRequired")?.bool() != nil)
            let wait = try #require(answer.root.int("retryAfter"))
            #expect((1...Int64(longest)).contains(wait) && answer.headers[.retryAfter] == "\(wait)")
        }
    }

    @Test("Code 429, X10: every route is counted, and refused when nothing is left, before it does anything")
    func everyRoute() async throws {
        let t = try await ResourceStack.tenant("every-route", #"[{"name":"Printer"}]"#)
        try await t.take("w", "a")
        for quota in ["operations_per_minute", "operations_per_day"] {
            try await t.set("limits", #"{"\#(quota)":0}"#)
            let before = try await t.contents()
            for route in Self.routes {
                let answer = try await t.send(route.method, route.path, route.body)
                #expect(answer.status == 429, "\(route.method) \(route.path): \(answer.body.prefix(200))")
                #expect(answer.root.string("limitType")?.hasPrefix("OPS_PER_") == true)
            }
            try await t.expectUnchanged(since: before)
        }
        let cycles = try await t.send(.get, "/v1/balances?tenant=\(t.id)")
        #expect(cycles.status == 200, "the other API has no such quota")
        #expect(try await t.force("a").status == 200, "nor has the operator")
    }

    @Test("An operation is a request, whatever is in it and whatever comes of it; what the quota refuses is none")
    func counting() async throws {
        let t = try await ResourceStack.tenant("counting", #"[{"name":"Printer"}]"#)
        try await t.set("limits", #"{"operations_per_minute":1000,"operations_per_day":2000}"#)
        for route in Self.routes + Self.routes.map({ ($0.method, $0.path, "{") }) {
            let before = (try await counted(t, ":od"), try await counted(t, ":om"))
            let answer = try await t.send(route.method, route.path, route.body)
            #expect([200, 400, 403, 404].contains(answer.status), "\(route.path): \(answer.body)")
            let after = (try await counted(t, ":od"), try await counted(t, ":om"))
            #expect(after.0 - before.0 == 1 && after.1 - before.1 == 1, "\(route.method) \(route.path): \(after)")
        }
        let number = try await counted(t, ":od")
        let items = (0..<200).map { #"{"requester":"w","resource":"r\#($0)"}"# }
        #expect(try await t.reserve("[\(items.joined(separator: ","))]").statuses.count == 200)
        #expect(try await counted(t, ":od") == number + 1, "one, though it takes four calls")
        #expect(try await t.with(key: "none").list().status == 401)
        #expect(try await counted(t, ":od") == number + 1, "nobody's")
        try await t.set("limits", #"{"operations_per_day":1}"#)
        for _ in 0..<3 { #expect(try await t.list().status == 429) }
        #expect(try await counted(t, ":od") == number + 1)
    }

    @Test("A quota counts at every server at once, is per tenant, and is gone when the operator takes it away")
    func settings() async throws {
        let t = try await ResourceStack.tenant("quota-settings")
        let other = try await ResourceStack.tenant("quota-neighbour")
        for (number, (quota, _, _)) in Self.empty.enumerated() {
            for (index, none) in ["{}", #"{"\#(quota)":null}"#].enumerated() {
                try await t.set("limits", #"{"\#(quota)":0}"#)
                for one in [t, t.elsewhere] {
                    let answer = try await one.reserve("w", "x")
                    #expect(answer.status == 429, "\(quota): \(answer.body)")
                }
                let name = "\(number)-\(index)"
                #expect(try await other.status("w", name) == "ACQUIRED")
                try await t.set("limits", none)
                #expect(try await t.status("w", name) == "ACQUIRED")
                #expect(try await t.elsewhere.status("w", name + "-too") == "ACQUIRED")
            }
        }
        let read = try await t.sendAsOperator(.get, "/v1/admin/x-holdfast/tenants/\(t.id)/limits")
        #expect(read.body == "{}")
    }
}
