// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import Observability
import StrictJSON

/// Lists of reservations as HTTP has them.
enum ListWire {
    /// A page as it was read.
    struct Page {
        var rows: [Walk.Row]
        var cursor: String?
    }

    /// The request for one page.
    static func request(_ query: Walk.Query, cursor: String?, apiKey: String) -> ModelStack.WireRequest {
        var words = ["limit=\(query.limit)"]
        if let sort = query.sort { words.append("sort_by=\(sort.rawValue)") }
        if query.sort != nil || !query.isDescending {
            words.append("sort_dir=\(query.isDescending ? "desc" : "asc")")
        }
        if let status = query.status { words.append("status=\(status)") }
        if let fromMs = query.fromMs {
            var text: [UInt8] = []
            UTCTimestamp(milliseconds: fromMs).append(to: &text)
            words.append("from=\(String(decoding: text, as: UTF8.self))")
        }
        if let cursor { words.append("cursor=\(cursor)") }
        return .init(
            method: .get, target: "/v1/reservations?\(words.joined(separator: "&"))",
            headers: [.cyclesAPIKey: apiKey])
    }

    /// What a response says; nil for a 503, and where the server died.
    static func page(_ response: APIResponse?) throws -> Page? {
        guard let response, response.status != .serviceUnavailable else { return nil }
        let text = String(decoding: response.body, as: UTF8.self)
        guard response.status == .ok else { throw BadAnswer(what: "\(response.status.code) \(text)") }
        let root = try JSONDocument.parse(response.body).root
        let rows = try root.need("reservations").elements.map { row in
            Walk.Row(id: try row.text("reservation_id"), found: try BudgetWire.found(row))
        }
        let cursor = root.member("next_cursor") == nil ? nil : try root.text("next_cursor")
        guard try root.truth("has_more") == (cursor != nil) else { throw BadAnswer(what: "has_more") }
        return Page(rows: rows, cursor: cursor)
    }
}
