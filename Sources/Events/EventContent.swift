// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import SharedKernel
internal import StrictJSON

/// An instant as RFC 3339 in UTC with milliseconds.
func timestampText(_ milliseconds: Int64) -> [UInt8] {
    var text: [UInt8] = []
    UTCTimestamp(milliseconds: milliseconds).append(to: &text)
    return text
}

/// The data of an event and the scope it is about, from what scripts store: JSON as it is, or fields divided by NUL
/// where making JSON would cost a hot script more than it should.
struct EventContent {
    private(set) var data: [UInt8] = []
    private(set) var scope: [UInt8]?

    /// Reads a payload; nil when it is none of this type.
    init?(_ type: EventType, _ payload: [UInt8], shard: Shard) {
        if payload.first == UInt8(ascii: "{") {
            guard let document = try? JSONDocument.parse(payload), document.root.kind == .object else { return nil }
            data = payload
            // Events about resources have no scope: theirs is a member of another meaning.
            if let member = document.root.member("scope"), member.kind == .string { scope = member.stringBytes() }
            return
        }
        let fields = payload.split(separator: 0, omittingEmptySubsequences: false)
        guard let write = Self.writers[type.text], let result = write(fields, shard) else { return nil }
        (data, scope) = result
    }

    private typealias Fields = [ArraySlice<UInt8>]
    private typealias Written = ([UInt8], [UInt8])

    private static let writers: [[UInt8]: @Sendable (Fields, Shard) -> Written?] = [
        [UInt8]("reservation.expired".utf8): expired,
        [UInt8]("reservation.commit_overage".utf8): overage,
        [UInt8]("reservation.denied".utf8): denied,
        [UInt8]("budget.debt_incurred".utf8): debt,
        [UInt8]("budget.over_limit_entered".utf8): overLimit,
        [UInt8]("budget.threshold_crossed".utf8): threshold,
        [UInt8]("budget.exhausted".utf8): threshold,
    ]

    private static func unit(_ letter: ArraySlice<UInt8>) -> StaticString? {
        switch letter.first {
        case UInt8(ascii: "U"): "USD_MICROCENTS"
        case UInt8(ascii: "T"): "TOKENS"
        case UInt8(ascii: "C"): "CREDITS"
        case UInt8(ascii: "R"): "RISK_POINTS"
        default: nil
        }
    }

    private static func policy(_ letter: ArraySlice<UInt8>) -> StaticString? {
        switch letter.first {
        case UInt8(ascii: "R"): "REJECT"
        case UInt8(ascii: "I"): "ALLOW_IF_AVAILABLE"
        case UInt8(ascii: "O"): "ALLOW_WITH_OVERDRAFT"
        default: nil
        }
    }

    /// An object that begins with scope and unit.
    private static func object(
        _ path: ArraySlice<UInt8>, _ unitLetter: ArraySlice<UInt8>, _ write: (inout JSONWriter) -> Bool
    ) -> Written? {
        guard let unit = unit(unitLetter) else { return nil }
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.key("scope")
        writer.string(path)
        writer.key("unit")
        writer.string(unit)
        guard write(&writer) else { return nil }
        writer.endObject()
        return (writer.finish(), Array(path))
    }

    /// h, unit, amount, path, created_ms, expires_ms, ttl_ms, extensions.
    private static func expired(_ f: Fields, _ shard: Shard) -> Written? {
        guard f.count == 8, let amount = parseDecimalInt64(f[2]), let created = parseDecimalInt64(f[4]),
            let expires = parseDecimalInt64(f[5]), let ttl = integer(f[6]), let extensions = integer(f[7])
        else { return nil }
        return object(f[3], f[1]) { writer in
            writer.key("reservation_id")
            writer.string(shard.hex + hexText(UInt64(truncatingIfNeeded: created), width: 11) + f[0])
            writer.key("estimated_amount")
            writer.int(amount)
            writer.key("created_at")
            writer.string(timestampText(created))
            writer.key("expired_at")
            writer.string(timestampText(expires))
            writer.key("ttl_ms")
            writer.int(ttl)
            writer.key("extensions_used")
            writer.int(extensions)
            return true
        }
    }

    /// reservation or charge id, unit, path, estimated, actual, policy letter, debt.
    private static func overage(_ f: Fields, _ shard: Shard) -> Written? {
        guard f.count == 7, let estimated = parseDecimalInt64(f[3]), let actual = parseDecimalInt64(f[4]),
            let policy = policy(f[5]), let debt = parseDecimalInt64(f[6])
        else { return nil }
        return object(f[2], f[1]) { writer in
            writer.key("reservation_id")
            writer.string(f[0])
            writer.key("estimated_amount")
            writer.int(estimated)
            writer.key("actual_amount")
            writer.int(actual)
            writer.key("overage")
            writer.int(actual - estimated)
            writer.key("overage_policy")
            writer.string(policy)
            writer.key("debt_incurred")
            writer.int(debt)
            return true
        }
    }

    /// unit, path, reason code, amount asked for, remaining or empty, action, subject, policy id or empty.
    private static func denied(_ f: Fields, _ shard: Shard) -> Written? {
        guard f.count == 8, let amount = parseDecimalInt64(f[3]) else { return nil }
        return object(f[1], f[0]) { writer in
            writer.key("reason_code")
            writer.string(f[2])
            writer.key("requested_amount")
            writer.int(amount)
            if !f[4].isEmpty {
                guard let remaining = parseSignedInt64(f[4]) else { return false }
                writer.key("remaining")
                writer.int(remaining)
            }
            for (name, json) in [("action", f[5]), ("subject", f[6])] as [(StaticString, ArraySlice<UInt8>)]
            where !json.isEmpty {
                guard (try? JSONDocument.parse(Array(json))) != nil else { return false }
                writer.key(name)
                writer.raw(json)
            }
            if !f[7].isEmpty {
                writer.key("policy_id")
                writer.string(f[7])
            }
            return true
        }
    }

    /// reservation or charge id, unit, path, debt incurred, total debt, limit, policy letter.
    private static func debt(_ f: Fields, _ shard: Shard) -> Written? {
        guard f.count == 7, let incurred = parseDecimalInt64(f[3]), let total = parseDecimalInt64(f[4]),
            let limit = parseDecimalInt64(f[5]), let policy = policy(f[6])
        else { return nil }
        return object(f[2], f[1]) { writer in
            writer.key("reservation_id")
            writer.string(f[0])
            writer.key("debt_incurred")
            writer.int(incurred)
            writer.key("total_debt")
            writer.int(total)
            writer.key("overdraft_limit")
            writer.int(limit)
            writer.key("overage_policy")
            writer.string(policy)
            return true
        }
    }

    /// unit, path, debt, limit.
    private static func overLimit(_ f: Fields, _ shard: Shard) -> Written? {
        guard f.count == 4, let debt = parseDecimalInt64(f[2]), let limit = parseDecimalInt64(f[3]) else { return nil }
        return object(f[1], f[0]) { writer in
            writer.key("debt")
            writer.int(debt)
            writer.key("overdraft_limit")
            writer.int(limit)
            writer.key("is_over_limit")
            writer.bool(true)
            if limit > 0 {
                writer.key("debt_utilization")
                writer.double(Double(debt) / Double(limit))
            }
            return true
        }
    }

    /// unit, path, allocated, reserved, spent, debt (after it), threshold, direction letter.
    private static func threshold(_ f: Fields, _ shard: Shard) -> Written? {
        guard f.count == 8, let allocated = parseDecimalInt64(f[2]), let reserved = parseDecimalInt64(f[3]),
            let spent = parseDecimalInt64(f[4]), let debt = parseDecimalInt64(f[5]),
            let threshold = Double(String(decoding: f[6], as: UTF8.self)), threshold.isFinite
        else { return nil }
        // Sums of amounts may leave Int64 here where a ledger may not; they are shown as far as they go.
        let remaining = clamped(Int128(allocated) - Int128(reserved) - Int128(spent) - Int128(debt))
        return object(f[1], f[0]) { writer in
            writer.key("threshold")
            writer.double(threshold)
            writer.key("utilization")
            let used = Double(spent) + Double(reserved)
            writer.double(allocated > 0 ? used / Double(allocated) : used > 0 ? 1 : 0)
            writer.key("allocated")
            writer.int(allocated)
            writer.key("remaining")
            writer.int(remaining)
            writer.key("spent")
            writer.int(spent)
            writer.key("reserved")
            writer.int(reserved)
            writer.key("direction")
            writer.string(f[7].elementsEqual("f".utf8) ? "falling" : "rising")
            return true
        }
    }

    private static func clamped(_ value: Int128) -> Int64 { Int64(clamping: value) }

    /// Decimal digits with leading zeros.
    private static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        guard !text.isEmpty, text.count <= 18, text.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    private static func parseSignedInt64(_ text: ArraySlice<UInt8>) -> Int64? {
        text.first == UInt8(ascii: "-") ? Int64(String(decoding: text, as: UTF8.self)) : parseDecimalInt64(text)
    }
}
