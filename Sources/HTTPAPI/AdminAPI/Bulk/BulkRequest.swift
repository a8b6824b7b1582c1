// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// What all bulk actions ask for alike (admin digest 1.10).
struct BulkRequest<Action>: Sendable
where Action: RawRepresentable<String> & CaseIterable & Sendable {
    let action: Action
    /// How many rows must match; nil for any number.
    let expectedCount: Int64?
    let idempotencyKey: [UInt8]
    /// Of the canonical body.
    let fingerprint: Identity

    /// Reads the members beside the filter.
    init(_ fields: inout JSONFields, of body: JSONValue, _ request: APIRequest) throws {
        action = try fields.requiredEnum("action", Action.self)
        expectedCount = try fields.optionalInt64("expected_count", in: 0...Int64.max)
        idempotencyKey = try fields.requiredString("idempotency_key", characters: Limits.bulkKeyCharacters)
        try request.checkIdempotencyHeader(idempotencyKey)
        fingerprint = Identity.fingerprint(of: body)
    }
}

/// A row that a bulk action found.
struct BulkRow: Sendable {
    /// What names it for the action; kept with the action, so that a crash does not change what it goes on with.
    let place: [UInt8]
    /// What mattered of its state when it was found: one letter.
    let mark: UInt8
}

/// What became of a row.
enum BulkOutcome: Sendable {
    case succeeded
    case failed(code: StaticString, message: String)
    case skipped(reason: StaticString)

    /// The change is not one that the row's state allows.
    static func invalid(_ message: String) -> BulkOutcome { .failed(code: "INVALID_TRANSITION", message: message) }

    static let already = BulkOutcome.skipped(reason: "ALREADY_IN_TARGET_STATE")
    static let notFound = BulkOutcome.failed(code: "NOT_FOUND", message: "it is not there any more")
    static let fault = BulkOutcome.failed(
        code: "INTERNAL_ERROR", message: "the change failed; it is logged with the request id")
}

/// The rows of a bulk action, kept before the first one is changed.
struct BulkPlan: Sendable {
    /// 22 characters that no other action ever has: what is changed once by it is changed once for good.
    let id: [UInt8]
    /// The request that found the rows; a later one that goes on with them keeps its correlation id.
    let requestID: [UInt8]
    let rows: [BulkRow]

    /// A new plan.
    init(id: [UInt8], requestID: [UInt8], rows: [BulkRow]) {
        self.id = id
        self.requestID = requestID
        self.rows = rows
    }

    /// Reads what `json` gave; nil when it is not that.
    init?(stored: [UInt8]) {
        guard let root = try? JSONDocument.parse(stored).root, let id = root.member("id")?.stringBytes(),
            let requestID = root.member("request_id")?.stringBytes(), let places = root.member("places"),
            let marks = root.member("marks")?.stringBytes(), marks.count == places.count
        else { return nil }
        self.id = id
        self.requestID = requestID
        rows = zip(places.elements, marks).map { BulkRow(place: $0.stringBytes() ?? [], mark: $1) }
    }

    var json: [UInt8] {
        var writer = JSONWriter(capacity: 256 + 64 * rows.count)
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("request_id")
        writer.string(requestID)
        writer.key("marks")
        writer.string(rows.map(\.mark))
        writer.key("places")
        writer.beginArray()
        for row in rows { writer.string(row.place) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}

/// What a filter found: all rows that match are counted, no more than may be changed are kept.
struct BulkMatch: Sendable {
    private(set) var total = 0
    private(set) var rows: [BulkRow] = []

    mutating func add(_ row: BulkRow) {
        total += 1
        if rows.count <= Limits.bulkRowsMax { rows.append(row) }
    }
}
