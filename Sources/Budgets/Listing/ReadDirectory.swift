// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Reads rows of a tenant's reservation directory.
package struct ReadRows: Sendable {
    /// The tenant, as its key or the operator's sees it.
    package var access: TenantAccess
    package var isDescending: Bool
    /// Number of the row to begin with; nil for the first, or the last.
    package var from: Int64?
    /// Rows wanted, 1 to 1,000.
    package var count: Int64

    /// A read of these parts.
    package init(access: TenantAccess, isDescending: Bool, from: Int64?, count: Int64) {
        self.access = access
        self.isDescending = isDescending
        self.from = from
        self.count = count
    }

    /// Rows of one call.
    package struct Piece: Sendable {
        package let nowMs: Int64
        /// In the order asked for.
        package let rows: [DirectoryRow]
        /// Numbers of rows that cannot be read; the others are there.
        package let unreadable: [Int64]
        /// The row to read on with: beyond the last one, readable or not.
        package let next: Int64
        package let hasMore: Bool
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.budgetRows, keys: access.keys)
        call.append(access.tag)
        call.append(isDescending ? "desc" : "asc")
        if let from { call.append(decimal: from) } else { call.append("") }
        call.append(decimal: count)
        return call
    }

    /// Reads the reply.
    package func piece(_ reply: ScriptReply) throws(ScriptFault) -> Piece {
        guard reply.isWord("ROWS") else { throw reply.malformed("word") }
        let first = try reply.int(1)
        let bytes = try reply.bytes(3)
        var rows: [DirectoryRow] = []
        var unreadable: [Int64] = []
        rows.reserveCapacity(bytes.count / DirectoryRow.size)
        for index in 0..<(bytes.count / DirectoryRow.size) {
            let begin = index * DirectoryRow.size
            let text = bytes[begin..<(begin + DirectoryRow.size)]
            let number = first + Int64(index)
            if let row = DirectoryRow(number: number, text) { rows.append(row) } else { unreadable.append(number) }
        }
        if isDescending { rows.reverse() }
        let next = isDescending ? first - 1 : first + Int64(bytes.count / DirectoryRow.size)
        return Piece(
            nowMs: try reply.int(0), rows: rows, unreadable: unreadable, next: next,
            hasMore: try reply.int(2) == 1)
    }
}

/// Reads the scope paths that the numbers in directory rows stand for.
package struct ReadPaths: Sendable {
    package var access: TenantAccess
    /// Up to 1,000.
    package var numbers: [Int64]

    /// A read of these parts.
    package init(access: TenantAccess, numbers: [Int64]) {
        self.access = access
        self.numbers = numbers
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.budgetPaths, keys: access.keys)
        for number in numbers { call.append(decimal: number) }
        return call
    }

    /// Reads the reply. A path is empty when its rows were deleted after they were read.
    package func paths(_ reply: ScriptReply) throws(ScriptFault) -> [Int64: [UInt8]] {
        guard reply.isWord("PATHS"), reply.count == numbers.count else { throw reply.malformed("paths") }
        var paths: [Int64: [UInt8]] = [:]
        for (index, number) in numbers.enumerated() { paths[number] = try reply.bytes(index) }
        return paths
    }
}

/// Reads records of reservations, as many as fit into one reply.
package struct ReadRecords: Sendable {
    /// Bytes of records after which a reply ends.
    private static let bytesMax: Int64 = 262_144

    package var access: TenantAccess
    /// 22 characters each.
    package var hashes: [[UInt8]]

    /// A read of these parts.
    package init(access: TenantAccess, hashes: [[UInt8]]) {
        self.access = access
        self.hashes = hashes
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.budgetRecords, keys: access.keys, reservingBytes: 32 * hashes.count + 256)
        call.append(access.tag)
        call.append(decimal: Self.bytesMax)
        for hash in hashes { call.append(hash) }
        return call
    }

    /// A record that was asked for.
    package enum Found: Sendable {
        case record(BudgetRecord)
        /// It has ended, or is another tenant's.
        case nothing
        /// Something else is stored than a record.
        case unreadable
    }

    /// Reads the reply: for the first of the hashes, at least one, what was found.
    package func records(_ reply: ScriptReply) throws(ScriptFault) -> (nowMs: Int64, [Found]) {
        guard reply.isWord("RECORDS"), reply.count > 1 else { throw reply.malformed("records") }
        var records: [Found] = []
        for index in 1..<reply.count {
            let bytes = try reply.bytes(index)
            if bytes.isEmpty {
                records.append(.nothing)
            } else {
                records.append(BudgetRecord(bytes).map(Found.record) ?? .unreadable)
            }
        }
        return (try reply.int(0), records)
    }
}
