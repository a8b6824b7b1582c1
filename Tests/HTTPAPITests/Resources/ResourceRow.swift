// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import Testing

/// A row of the digest's table of endpoints: a request that is good for any tenant, and one that is malformed.
struct ResourceRow: Sendable, CustomTestStringConvertible {
    let number: Int
    let method: HTTPRequest.Method
    let path: String
    let body: String
    /// Targets and bodies that are 400, with a part of what is then said.
    var bad: [(path: String?, body: String, place: String)] = []

    var testDescription: String { "row \(number): \(method) \(path)" }

    private static let item = #"{"requester":"w","resource":"a"}"#

    /// Those that take a tenant's key, and one more that is ours.
    static let ofTenants: [ResourceRow] = reserving + asking + registering

    private static let reserving: [ResourceRow] = [
        ResourceRow(
            number: 1, method: .post, path: "/api/v1/Reservation/reserve", body: "[\(item)]",
            bad: [
                (nil, "", "JSON"), (nil, "[]", "body"), (nil, "[\(item)", "JSON"), (nil, "7", "body"),
                (nil, #"[{"resource":"a"}]"#, "[0].requester"), (nil, #"[\#(item),{"requester":"w"}]"#, "[1].resource"),
                (nil, #"[{"requester":"w","resource":"a","ttlSeconds":0}]"#, "[0].ttlSeconds"),
                (nil, #"[{"requester":"w","resource":"a","dryRun":1}]"#, "[0].dryRun"),
            ]),
        ResourceRow(
            number: 2, method: .post, path: "/api/v1/Reservation/unreserve", body: "[\(item)]",
            bad: [
                (nil, "", "JSON"), (nil, "[]", "body"), (nil, #"[{"resource":"a"}]"#, "[0].requester"),
                (nil, #"[\#(item),{"requester":"w"}]"#, "[1].resource"),
                (nil, #"[{"requester":"w","resource":"a","releaseToken":1}]"#, "[0].releaseToken"),
            ]),
        ResourceRow(
            number: 3, method: .post, path: "/api/v1/Reservation/transactions",
            body: #"[{"method":"FIRST","requestType":"RESERVE","requests":[\#(item)]}]"#,
            bad: [
                (nil, "", "JSON"), (nil, "[]", "body"), (nil, #"[{"requests":[\#(item)]}]"#, "[0].method"),
                (nil, #"[{"method":"FIRST","requests":[]}]"#, "[0].requests"),
            ]),
        ResourceRow(
            number: 0, method: .post, path: "/api/v1/Reservation/renew",
            body: #"[{"requester":"w","resource":"a","ttlSeconds":5}]"#,
            bad: [
                (nil, "", "JSON"), (nil, "[\(item)]", "[0].ttlSeconds"),
                (nil, #"[{"requester":"w","resource":"a","ttlSeconds":0}]"#, "[0].ttlSeconds"),
            ]),
        ResourceRow(
            number: 6, method: .delete, path: "/api/v1/Reservation/requester/w", body: "",
            bad: [("/api/v1/Reservation/requester/%20", "", "requester")]),
    ]

    private static let asking: [ResourceRow] = [
        ResourceRow(
            number: 4, method: .get, path: "/api/v1/Reservation/check/a", body: "",
            bad: [("/api/v1/Reservation/check/%09", "", "resource")]),
        ResourceRow(
            number: 5, method: .post, path: "/api/v1/Reservation/check", body: #"{"resources":["a"]}"#,
            bad: [
                (nil, "", "JSON"), (nil, "{}", "resources"), (nil, #"{"resources":[]}"#, "resources"),
                (nil, #"{"resources":["a",7]}"#, "resources[1]"), (nil, #"{"resources":"a"}"#, "resources"),
                (nil, #"["a"]"#, "object"),
            ]),
        ResourceRow(number: 7, method: .get, path: "/api/v1/Reservation/activeReservations", body: ""),
        ResourceRow(number: 8, method: .get, path: "/api/v1/Reservation", body: ""),
    ]

    private static let registering: [ResourceRow] = [
        ResourceRow(
            number: 9, method: .post, path: "/api/v1/Resource/register", body: #"[{"name":"Printer"}]"#,
            bad: [
                (nil, "", "JSON"), (nil, "[]", "body"), (nil, "[{}]", "[0].name"),
                (nil, #"[{"name":"a"},{"name":"b","capacity":"3"}]"#, "[1].capacity"),
                (nil, #"[{"name":"a","blocks":"b"}]"#, "[0].blocks"),
                (nil, #"[{"name":"a","treePath":["b"]}]"#, "[0].treePath"),
            ]),
        ResourceRow(number: 10, method: .get, path: "/api/v1/Resource/definitions", body: ""),
        ResourceRow(
            number: 11, method: .get, path: "/api/v1/Resource/available/a", body: "",
            bad: [("/api/v1/Resource/available/%20", "", "resource")]),
        ResourceRow(number: 12, method: .get, path: "/api/v1/Resource/tree", body: ""),
        ResourceRow(
            number: 13, method: .delete, path: "/api/v1/Resource/Printer", body: "",
            bad: [
                ("/api/v1/Resource/Printer?cascade=x", "", "cascade"), ("/api/v1/Resource/%0A", "", "name"),
            ]),
    ]
}
