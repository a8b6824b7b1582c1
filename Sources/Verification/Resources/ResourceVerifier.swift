// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import Reservations
internal import SharedKernel

/// Reads and judges the registered resources of one tenant: what is derived from holds has a living owner, each owner
/// has what it took along, and no more units are in use than there ever were.
///
/// Everything is read in pages. The tenant's event stream tells whether a hold changed meanwhile: then it is read anew.
struct ResourceVerifier {
    /// Attempts to see a tenant at rest.
    private static let attempts = 5

    let place: TenantPlace
    let reader: BatchReader

    /// The resources that deserve a second look; counts the definitions.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        guard let seen = try await look() else { return [] }
        counts.resources += seen.definitions.count
        return Set(findings(seen).map(\.violation.subject))
    }

    /// What is wrong with these resources; all are undecided when the tenant was never seen at rest.
    func findings(
        of names: [[UInt8]]
    ) async throws(VerificationError) -> (findings: [Finding], undecided: [VerifiedSubject]) {
        guard !names.isEmpty else { return ([], []) }
        let subjects = Set(names.map(VerifiedSubject.resource))
        for _ in 0..<Self.attempts {
            let before = try await marker()
            guard let seen = try await look() else { return ([], []) }
            guard try await marker() == before else { continue }
            return (findings(seen).filter { subjects.contains($0.violation.subject) }, [])
        }
        return ([], Array(subjects))
    }

    /// What changes whenever a hold or a definition does.
    private func marker() async throws(VerificationError) -> [[UInt8]] {
        let replies = try await reader.readAtOnce([
            Read.lastEntry(place.holdEvents), Read.value(place.definitionVersion),
        ])
        return [replies[0].members.first ?? [], replies[1].bytes ?? []]
    }

    /// What was read of a tenant.
    private struct Seen {
        var definitions: [[UInt8]: StoredDefinition] = [:]
        /// Names whose row cannot be read.
        var broken: [[UInt8]] = []
        var expected = DerivedState()
        var actual = DerivedState()
        /// Resources whose keys cannot be read.
        var unreadable: [[UInt8]] = []
    }

    /// Reads everything; nil when nothing is registered.
    private func look() async throws(VerificationError) -> Seen? {
        var seen = Seen()
        try await readDefinitions(into: &seen)
        guard !seen.definitions.isEmpty || !seen.broken.isEmpty else { return nil }
        let holds = try await holds()
        var units = Set(holds.flatMap { $0.blockers.map(\.unit) })
        for definition in seen.definitions.values { units.formUnion(definition.blockers) }
        let system = try await systemHolds(of: Array(units))
        seen.expected = DerivedState(holds, system: system)
        for (unit, hold) in system { seen.actual.systemUnits[unit] = hold.needer }
        let names = Set(seen.definitions.keys).union(holds.flatMap { $0.ancestors + [$0.resource] })
            .union(system.values.map(\.resource))
        try await readDerived(Array(names), into: &seen)
        return seen
    }

    private func readDefinitions(into seen: inout Seen) async throws(VerificationError) {
        var last: [UInt8] = []
        while true {
            let names = try await reader.read(Read.members(place.definitionNames, after: last)).members
            let rows = try await reader.read(names.map { Read.field(place.definitions, $0) })
            for (name, row) in zip(names, rows) {
                if let definition = row.bytes.flatMap({ StoredDefinition(row: $0) }) {
                    seen.definitions[name] = definition
                } else {
                    seen.broken.append(name)
                }
            }
            guard names.count == Read.page, let end = names.last else { return }
            last = end
        }
    }

    /// All holds of registered resources.
    private func holds() async throws(VerificationError) -> [RecordedHold] {
        var found: [[UInt8]: RecordedHold] = [:]
        var rank = 0
        while true {
            let members = try await reader.read(Read.members(place.active, from: rank)).members
            let names = members.map { Array($0.dropFirst()) }
            let records = try await reader.read(names.map { Read.value(place.hold($0)) })
            for (name, record) in zip(names, records) {
                if let hold = record.bytes.flatMap({ RecordedHold(unit: name, record: $0) }) { found[name] = hold }
            }
            guard members.count == Read.page else { return Array(found.values) }
            rank += Read.page
        }
    }

    /// Those of these names that the system holds.
    private func systemHolds(of units: [[UInt8]]) async throws(VerificationError) -> [[UInt8]: RecordedHold] {
        var system: [[UInt8]: RecordedHold] = [:]
        let records = try await reader.read(units.map { Read.value(place.hold($0)) })
        for (unit, record) in zip(units, records) {
            guard let hold = record.bytes.flatMap({ RecordedHold(unit: unit, record: $0) }), hold.isSystem else {
                continue
            }
            system[unit] = hold
        }
        return system
    }

    private func readDerived(_ names: [[UInt8]], into seen: inout Seen) async throws(VerificationError) {
        let units = try await reader.read(names.map { Read.all(place.units(pool: $0)) })
        let slots = try await reader.read(names.map { Read.value(place.slots(pool: $0)) })
        let needs = try await reader.read(names.map { Read.all(place.needs(of: $0)) })
        let nodes = try await reader.read(names.map { Read.all(place.node($0)) })
        for (index, name) in names.enumerated() {
            guard let pool = DerivedState.Pool(fields: units[index].members, bitmap: slots[index].bytes ?? []),
                let node = DerivedState.Node(fields: nodes[index].members),
                let needed = Self.needs(needs[index].members)
            else {
                seen.unreadable.append(name)
                continue
            }
            if pool != DerivedState.Pool() { seen.actual.pools[name] = pool }
            if node != DerivedState.Node() { seen.actual.nodes[name] = node }
            if !needed.isEmpty { seen.actual.needs[name] = needed }
        }
    }

    private static func needs(_ fields: [[UInt8]]) -> [[UInt8]: DerivedState.Need]? {
        var needs: [[UInt8]: DerivedState.Need] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let need = DerivedState.Need(fields[index + 1]) else { return nil }
            needs[fields[index]] = need
        }
        return needs
    }

    // MARK: Judging

    private func findings(_ seen: Seen) -> [Finding] {
        var findings = (seen.broken + seen.unreadable).map { name in
            finding(.soundRecords, name, expected: "a definition and what is held of it", actual: "unreadable keys")
        }
        let (expected, actual) = (seen.expected, seen.actual)
        for name in Set(expected.pools.keys).union(actual.pools.keys) where expected.pools[name] != actual.pools[name] {
            findings.append(
                finding(
                    .derivedHolds, name, expected: (expected.pools[name] ?? .init()).text,
                    actual: (actual.pools[name] ?? .init()).text, key: place.units(pool: name)))
        }
        for name in Set(expected.nodes.keys).union(actual.nodes.keys) where expected.nodes[name] != actual.nodes[name] {
            findings.append(
                finding(
                    .derivedHolds, name, expected: (expected.nodes[name] ?? .init()).text,
                    actual: (actual.nodes[name] ?? .init()).text, key: place.node(name)))
        }
        for name in Set(expected.needs.keys).union(actual.needs.keys) where expected.needs[name] != actual.needs[name] {
            findings.append(
                finding(
                    .derivedHolds, name,
                    expected: "\(expected.needs[name]?.count ?? 0) blockers as its holds need them",
                    actual: "\(actual.needs[name]?.count ?? 0), or other counts", key: place.needs(of: name)))
        }
        return findings + blockerFindings(expected, actual) + capacityFindings(seen)
    }

    private func blockerFindings(_ expected: DerivedState, _ actual: DerivedState) -> [Finding] {
        Set(expected.systemUnits.keys).union(actual.systemUnits.keys).compactMap { unit in
            let (needer, recorded) = (expected.systemUnits[unit], actual.systemUnits[unit])
            guard needer != recorded else { return nil }
            return finding(
                .derivedHolds, needer ?? recorded ?? unit,
                expected: needer == nil ? "nothing that needs \(printable(unit))" : "\(printable(unit)) held for it",
                actual: recorded.map { "held for \(printable($0))" } ?? "not held", key: place.hold(unit))
        }
    }

    private func capacityFindings(_ seen: Seen) -> [Finding] {
        seen.definitions.compactMap { name, definition in
            let beyond = seen.expected.unitsBeyond(Int(definition.peak), of: name)
            guard beyond > 0 else { return nil }
            return finding(
                .capacity, name, expected: "at most \(definition.peak) units in use", actual: "\(beyond) more")
        }
    }

    private func finding(
        _ invariant: Invariant, _ name: [UInt8], expected: String, actual: String, key: [UInt8]? = nil
    ) -> Finding {
        Finding(
            invariant, place.tenant.bytes, .resource(name), expected: expected, actual: actual,
            detail: key.map { "key \(printable($0))" } ?? "resource \(printable(name))")
    }
}
