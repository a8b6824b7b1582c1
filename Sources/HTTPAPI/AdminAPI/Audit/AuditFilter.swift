// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Which entries of the audit log are wanted (admin digest 1.9).
struct AuditFilter: Sendable {
    private static let listMax = 25
    private static let statusRange: ClosedRange<Int64> = 100...599

    let tenant: [UInt8]?
    private let keyID, resourceID, traceID, requestID: [UInt8]?
    private let operations, resourceTypes, errorCodes, errorCodesExcluded: [[UInt8]]?
    /// Nil for any.
    private let status: ClosedRange<Int64>?
    /// Sequence numbers wanted, µs since 1970.
    let fromUs, untilUs: Int64?

    /// Reads the filters of a query.
    init(_ request: APIRequest) throws {
        tenant = try request.queryValue("tenant_id")
        keyID = try request.queryValue("key_id")
        resourceID = try request.queryValue("resource_id")
        traceID = try request.queryValue("trace_id")
        requestID = try request.queryValue("request_id")
        operations = try Self.list(request, "operation")
        resourceTypes = try Self.list(request, "resource_type")
        errorCodes = try Self.list(request, "error_code")
        errorCodesExcluded = try Self.list(request, "error_code_exclude")
        status = try Self.status(request)
        fromUs = try request.queryFromUs()
        untilUs = try request.queryUntilUs()
    }

    /// The words of a list; one without any counts as absent.
    private static func list(_ request: APIRequest, _ name: String) throws -> [[UInt8]]? {
        guard let text = try request.queryValue(name) else { return nil }
        let words = text.split(separator: UInt8(ascii: ",")).map { Array($0) }
        if words.isEmpty { return nil }
        guard words.count <= listMax else { throw APIError.invalid("\(name): may have \(listMax) entries") }
        return words
    }

    private static func status(_ request: APIRequest) throws -> ClosedRange<Int64>? {
        let exact = try request.queryInt("status", in: statusRange)
        let low = try request.queryInt("status_min", in: statusRange)
        let high = try request.queryInt("status_max", in: statusRange)
        if let exact {
            guard low == nil, high == nil else {
                throw APIError.invalid("status: cannot be combined with status_min or status_max")
            }
            return exact...exact
        }
        if low == nil, high == nil { return nil }
        let (from, to) = (low ?? statusRange.lowerBound, high ?? statusRange.upperBound)
        guard from <= to else { throw APIError.invalid("status_min: is above status_max") }
        return from...to
    }

    /// Every filter as text, for cursors to be bound to.
    var texts: [[UInt8]?] {
        [
            tenant, keyID, resourceID, traceID, requestID, Self.joined(operations), Self.joined(resourceTypes),
            Self.joined(errorCodes), Self.joined(errorCodesExcluded), status.map { [UInt8]("\($0)".utf8) },
            fromUs.map { [UInt8](String($0).utf8) }, untilUs.map { [UInt8](String($0).utf8) },
        ]
    }

    private static func joined(_ words: [[UInt8]]?) -> [UInt8]? {
        words.map { Array($0.joined(separator: [UInt8(ascii: ",")])) }
    }

    /// Whether an entry is wanted. Successes have no error code: a list of codes leaves them out, an exclusion keeps
    /// them.
    func wants(_ row: AuditRow) -> Bool {
        let code = row.text("error_code")
        return row.entry != nil && (status?.contains(row.status) ?? true) && Self.equal(tenant, row.tenant)
            && Self.equal(keyID, row.text("key_id")) && Self.equal(resourceID, row.text("resource_id"))
            && Self.equal(traceID, row.text("trace_id")) && Self.equal(requestID, row.text("request_id"))
            && (operations?.contains(row.text("operation")) ?? true)
            && (resourceTypes?.contains(row.text("resource_type")) ?? true)
            && (errorCodes?.contains(code) ?? true) && !(errorCodesExcluded?.contains(code) ?? false)
    }

    private static func equal(_ wanted: [UInt8]?, _ found: [UInt8]) -> Bool { wanted.map { $0 == found } ?? true }
}
