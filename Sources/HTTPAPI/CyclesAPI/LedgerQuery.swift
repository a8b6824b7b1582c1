// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// Which ledgers a list has.
struct LedgerFilter: Sendable {
    /// What scopes must begin with; empty for all.
    var scopePrefix: [UInt8] = []
    var unit: BudgetUnit?
    var status: LedgerStatus?
    var isOverLimit: Bool?
    var hasDebt: Bool?
    /// Bounds of spent / allocated, inclusive.
    var utilizationMin: Fraction?
    var utilizationMax: Fraction?
    /// In lower case, to be found in the scope, which names the tenant; empty for all.
    var search: [UInt8] = []
    /// Whose scope filter counts; nil for the operator.
    var principal: Principal?

    func accepts(_ row: LedgerRow) -> Bool {
        let state = row.state
        if let unit, row.unit != unit { return false }
        if let status, state.status != status { return false }
        if let isOverLimit, state.isOverLimit != isOverLimit { return false }
        if let hasDebt, (state.debt > 0) != hasDebt { return false }
        if let utilizationMin, state.utilization < utilizationMin { return false }
        if let utilizationMax, state.utilization > utilizationMax { return false }
        if !search.isEmpty, row.path.map(asciiLowercased).firstRange(of: search) == nil { return false }
        guard row.path.starts(with: scopePrefix) else { return false }
        return principal?.mayTouch(row.path) ?? true
    }

    /// Whether every row counts that the directory has, so that no more need be read than are shown.
    var isDirectoryOnly: Bool {
        unit == nil && status == nil && isOverLimit == nil && hasDebt == nil && utilizationMin == nil
            && utilizationMax == nil && search.isEmpty && principal?.scopeFilter.isEmpty ?? true
    }

    /// Reads `scope_prefix`. 403 when it names another tenant than the key's.
    static func scopePrefix(_ request: APIRequest, _ principal: Principal?) throws -> [UInt8] {
        guard let prefix = try request.queryText("scope_prefix", charactersMax: Limits.scopePrefixCharactersMax) else {
            return []
        }
        if let principal {
            let root = [UInt8]("tenant:".utf8) + principal.tenant.bytes + [UInt8(ascii: "/")]
            guard prefix.starts(with: root) || root.starts(with: prefix) else {
                throw APIError(.forbidden, "FORBIDDEN", "scope_prefix: begins no scope of the API key's tenant")
            }
        }
        return prefix
    }

    /// What a cursor is bound to: everything that decides which rows there are.
    var binding: [UInt8] {
        let words: [String] = [
            unit?.rawValue ?? "", status?.rawValue ?? "", isOverLimit.map(String.init) ?? "",
            hasDebt.map(String.init) ?? "", utilizationMin.map { "\($0.number)/\($0.divisor)" } ?? "",
            utilizationMax.map { "\($0.number)/\($0.divisor)" } ?? "",
        ]
        return [UInt8](words.joined(separator: "\0").utf8) + [0] + search + [0] + scopePrefix
    }
}

/// A byte with ASCII letters in lower case.
func asciiLowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }

extension LedgerState {
    /// spent / allocated, and 0 where nothing is allocated.
    fileprivate var utilization: Fraction { allocated > 0 ? Fraction(spent, over: allocated) : Fraction() }
}

/// The order of a list of ledgers.
struct LedgerOrder: Sendable {
    enum Key: String, CaseIterable {
        case tenant = "tenant_id"
        case scope, unit, status
        case overagePolicy = "commit_overage_policy"
        case utilization, debt
    }

    enum Direction: String, CaseIterable { case asc, desc }

    var key = Key.utilization
    var direction = Direction.desc

    /// Where a row stands.
    func place(of row: LedgerRow) -> LedgerPlace {
        var place = place(ofEntry: row.entry)
        switch key {
        case .tenant, .scope: break
        case .unit: place.word = [UInt8](row.unit.rawValue.utf8)
        case .status: place.word = [UInt8](row.state.status.rawValue.utf8)
        case .overagePolicy: place.word = [UInt8]((row.state.policy?.rawValue ?? "").utf8)
        case .debt: place.number = Fraction(row.state.debt)
        case .utilization: place.number = row.state.utilization
        }
        return place
    }

    /// Where a directory entry stands, as far as it goes by the entry alone: wholly, in the order of tenants or scopes.
    func place(ofEntry entry: [UInt8]) -> LedgerPlace {
        var place = LedgerPlace(entry: entry)
        if key == .scope { place.word = entry }
        if key == .tenant { place.word = Array(entry.dropFirst("tenant:".utf8.count).prefix { $0 != 47 && $0 != 0 }) }
        return place
    }

    /// Whether one place comes before another. Rows that are alike are in the order of their scopes.
    func comes(_ one: LedgerPlace, before other: LedgerPlace) -> Bool {
        if one.number != other.number { return (one.number < other.number) == (direction == .asc) }
        if one.word != other.word {
            return one.word.lexicographicallyPrecedes(other.word) == (direction == .asc)
        }
        return one.entry.lexicographicallyPrecedes(other.entry)
    }
}

/// What a row is sorted by; of the last row of a page, what its cursor says.
struct LedgerPlace: Sendable {
    /// A number.
    var number = Fraction()
    /// Or a word.
    var word: [UInt8] = []
    /// Then the directory entry, which no other row has.
    var entry: [UInt8]

    init(entry: [UInt8]) { self.entry = entry }

    /// Number, divisor, length of the word, then word and entry.
    var text: [UInt8] { [UInt8]("\(number.number) \(number.divisor) \(word.count) ".utf8) + word + entry }

    init?(text: [UInt8]) {
        let parts = text.split(separator: 32, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let number = parseDecimalInt64(parts[0]), let divisor = parseDecimalInt64(parts[1]),
            let count = parseDecimalInt64(parts[2]), (0...Int64(parts[3].count)).contains(count), divisor > 0
        else { return nil }
        self.number = Fraction(number, over: divisor)
        word = Array(parts[3].prefix(Int(count)))
        entry = Array(parts[3].dropFirst(Int(count)))
    }
}
