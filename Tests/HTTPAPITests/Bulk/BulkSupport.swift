// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// The answer of a bulk action, read.
struct BulkAnswer: Equatable {
    let total: Int64
    let succeeded: [String]
    /// Ids with their error codes.
    let failed: [String: String]
    /// Ids with their reasons.
    let skipped: [String: String]

    init(_ answer: AdminAnswer) throws {
        func text(_ value: JSONValue, _ name: StaticString) -> String {
            String(decoding: value.member(name)?.stringBytes() ?? [], as: UTF8.self)
        }
        func rows(_ name: StaticString, _ other: StaticString) throws -> [(String, String)] {
            try #require(answer.root.member(name)?.elements).map { (text($0, "id"), text($0, other)) }
        }
        try #require(answer.status == .ok, "\(answer.body)")
        total = try #require(answer.root.member("total_matched")?.int64())
        succeeded = try rows("succeeded", "id").map(\.0)
        failed = Dictionary(uniqueKeysWithValues: try rows("failed", "error_code"))
        skipped = Dictionary(uniqueKeysWithValues: try rows("skipped", "reason"))
        #expect(succeeded.count + failed.count + skipped.count == Int(total))
    }
}

extension AdminStack {
    /// Sends a bulk action; `more` is further members, each with a comma before it.
    func bulk(
        _ kind: String, _ filter: String, _ action: String, key: String = "k1", more: String = ""
    ) async throws -> AdminAnswer {
        try await send(
            "/v1/admin/\(kind)/bulk-action",
            #"{"filter":\#(filter),"action":"\#(action)","idempotency_key":"\#(key)"\#(more)}"#, as: .admin)
    }

    /// The record of a bulk action, and its key.
    func bulkRecord() async throws -> (key: String, text: [UInt8])? {
        guard let key = try await redis("KEYS", "hf:{00}:bk:*").array?.first?.text else { return nil }
        return (key, try await redis("GET", key).bytes ?? [])
    }

    /// Makes the one bulk action as if its server had died after it had kept its rows, and its lease had ended.
    func abandonBulk(_ text: [UInt8], at key: String) async throws {
        var record = text
        record.replaceSubrange(45..<58, with: [UInt8]("0000000000000".utf8))
        _ = try await pool.send(RedisCommand([[UInt8]("SET".utf8), [UInt8](key.utf8), record]))
    }
}
