// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel
internal import StrictJSON

/// Judges what an owner's subscriptions ask the hot path to look out for, all together; pure. The counts follow from
/// what each of them asks, union and mark from the counts.
struct AsksCheck {
    /// Things asked for, as they are counted: `t` and a share, `b` and a rate of spending, `r` for resources.
    private typealias Things = Set<[UInt8]>

    let place: TenantPlace
    /// The replies of ``reads(_:)``.
    let replies: [RedisReply]

    /// What a check needs.
    static func reads(_ place: TenantPlace) -> [RedisCommand] {
        [
            Read.all(place.asks), Read.all(place.askCounts), Read.field(place.profile, [UInt8]("hooks".utf8)),
            Read.value(place.status), Read.score(Keyspace.due(place.shard), [UInt8(ascii: "r")] + place.tenant.bytes),
        ]
    }

    /// What is wrong with it. Nobody reads these of a closed tenant any more: its closing leaves them as they come.
    func findings() -> [Finding] {
        let tag = replies[3].bytes.flatMap(TenantTag.init)
        if tag?.status == .closed || replies.contains(where: \.isError) { return [] }
        let asks = replies[0].members
        var counts: [[UInt8]: Int64] = [:]
        for index in stride(from: 0, to: asks.count - 1, by: 2) {
            guard let things = Self.things(asks[index + 1]) else {
                return [
                    finding(
                        .soundRecords, expected: "JSON of what \(printable(asks[index])) asks for",
                        actual: printable(asks[index + 1]), key: place.asks)
                ]
            }
            for thing in things { counts[thing, default: 0] += 1 }
        }
        var findings: [Finding] = []
        let stored = replies[1].members
        var storedCounts: [[UInt8]: Int64] = [:]
        for index in stride(from: 0, to: stored.count - 1, by: 2) {
            storedCounts[stored[index]] = parseDigits(stored[index + 1]) ?? -1
        }
        if counts != storedCounts {
            findings.append(
                finding(
                    .indexed, expected: Self.text(counts), actual: Self.text(storedCounts), key: place.askCounts))
        }
        let union = replies[2].bytes
        if union.map(Self.things) ?? Things() != Things(storedCounts.keys) {
            findings.append(
                finding(
                    .indexed, expected: "the union of \(Self.text(storedCounts))",
                    actual: union.map { printable($0) } ?? "none", key: place.profile))
        }
        let wantsResources = storedCounts[[UInt8(ascii: "r")]] != nil
        if let tag, tag.marks.contains(.resourceEvents) != wantsResources {
            findings.append(
                finding(
                    .indexed, expected: wantsResources ? "the mark h" : "no mark h",
                    actual: replies[3].bytes.map { printable($0) } ?? "none", key: place.status))
        }
        if storedCounts.keys.contains(where: { $0.first == UInt8(ascii: "b") }), replies[4].bytes == nil,
            place.tenant != .system
        {
            findings.append(
                finding(
                    .indexed, expected: "a look at burn rates planned", actual: "none",
                    key: Keyspace.due(place.shard)))
        }
        return findings
    }

    /// The things that a text asks for; nil when it cannot be read.
    private static func things(_ text: [UInt8]) -> Things? {
        guard let root = (try? JSONDocument.parse(text))?.root, root.kind == .object else { return nil }
        var things = Things()
        for (member, letter) in [("thresholds" as StaticString, UInt8(ascii: "t")), ("burn", UInt8(ascii: "b"))] {
            guard let list = root.member(member) else { continue }
            guard list.kind == .array else { return nil }
            for element in list.elements { things.insert([letter] + element.raw) }
        }
        if root.member("resources")?.bool() == true { things.insert([UInt8(ascii: "r")]) }
        return things
    }

    private static func text(_ counts: [[UInt8]: Int64]) -> String {
        let parts = counts.map { "\(printable($0.key)): \($0.value)" }.sorted()
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }

    private func finding(_ invariant: Invariant, expected: String, actual: String, key: [UInt8]) -> Finding {
        Finding(
            invariant, place.tenant.bytes, .asks, expected: expected, actual: actual, detail: "key \(printable(key))")
    }
}
