// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// What Redis holds of a state (docs/keyspace.md).
extension ResourceState {
    typealias Content = KeyspaceSnapshot.Content

    /// Every key of the tenant but its stream.
    func keyspace(_ scene: Scene) -> [ByteText: Content] {
        var keys: [ByteText: Content] = [:]
        var hashes: [ByteText: [ByteText: ByteText]] = [:]
        var scores: [ByteText: [ByteText: ByteText]] = [:]
        for hold in self.holds.values {
            let head = hold.end + padded(hold.fence ?? 0, 16) + hold.token
            let record = head + [hold.requester, Self.kind, "key"].joined("\n") + hold.along
            keys[scene.holdKey(hold.name)] = .string(record)
            scores[scene.key("act"), default: [:]]["k" + hold.name] = hold.expiresMs.map { ByteText($0) } ?? "inf"
            scores[scene.key("q:" + hold.requester), default: [:]][hold.name] = ByteText(hold.fence ?? 0)
        }
        for held in self.systems.values {
            let record = Along.systemRecord(
                of: held.own, for: held.parent, fence: held.fence ?? 0, flags: held.slot == nil ? "b" : "bp")
            keys[scene.holdKey(held.name)] = .string(record)
            let need = held.name + "\t" + ByteText(held.users.count)
            hashes[scene.key("bl:" + held.parent), default: [:]][held.blocker] = need
        }
        for node in Set(self.holds.values.flatMap(\.ancestors)) { hashes[scene.key("an:" + node)] = self.node(node) }
        let pools = Set(self.holds.values.compactMap { $0.slot == nil ? nil : $0.resource })
            .union(self.systems.values.compactMap { $0.slot == nil ? nil : $0.own })
        for pool in pools {
            hashes[scene.key("ph:" + pool)] = self.pool(pool)
            let bits = Self.bits(self.slots(pool).compactMap(\.slot.number).map { Int($0) })
            if bits.count > 0 { keys[scene.key("pb:" + pool)] = .string(bits) }
        }
        if self.version > 0 { keys[scene.key("dv")] = .string(ByteText(self.version)) }
        for (name, definition) in self.definitions {
            hashes[scene.key("def"), default: [:]][name] = definition.row
            scores[scene.key("dl"), default: [:]][name] = "0"
            if let (base, number) = Self.slot(name) {
                scores[scene.key("ds:" + base), default: [:]][name] = ByteText(number)
            }
            let parent = definition.resource.parent
            if parent.count > 0 { scores[scene.key("dc:" + parent), default: [:]][name] = "0" }
        }
        keys.merge(hashes.mapValues { .hash($0) }) { old, _ in old }
        keys.merge(scores.mapValues { .sortedSet($0) }) { old, _ in old }
        return keys
    }

    /// The resource type of every hold here.
    static let kind: ByteText = "gpu"

    /// Holds below a node by requester; under the empty name, how many of these requesters hold the node, too.
    private func node(_ node: ByteText) -> [ByteText: ByteText] {
        let below = self.below(node)
        var fields = below.mapValues { ByteText($0) }
        let both = below.keys.filter { self.has(node, $0) }.count
        if both > 0 { fields[""] = ByteText(both) }
        return fields
    }

    private func pool(_ pool: ByteText) -> [ByteText: ByteText] {
        let units = self.slots(pool)
        var fields: [ByteText: ByteText] = ["n": ByteText(units.count)]
        for unit in units {
            let field = "r" + unit.requester
            fields[field] = fields[field].map { $0 + " " + unit.slot } ?? unit.slot
            if let hold = self.holds[unit.name] { fields["t" + hold.token] = unit.slot }
        }
        return fields
    }

    /// A bitmap as SETBIT makes it, as short as may be.
    private static func bits(_ numbers: [Int]) -> ByteText {
        var bytes = [UInt8](repeating: 0, count: ((numbers.max() ?? -1) + 8) / 8)
        for number in numbers { bytes[number / 8] |= 0x80 >> UInt8(number % 8) }
        return ByteText(bytes)
    }

    /// What a snapshot has of the tenant in the form of ``keyspace(_:)``: zero bytes at the end of a bitmap mean
    /// nothing as long as there is a pool.
    static func keyspace(in snapshot: KeyspaceSnapshot, _ scene: Scene) -> [ByteText: Content] {
        let (tenant, bitmaps) = ((scene.tenantKey + ":").bytes, scene.key("pb:"))
        var keys: [ByteText: Content] = [:]
        for (key, entry) in snapshot.entries where key.bytes.starts(with: tenant) {
            if key == scene.key("ev") || key == scene.key("al") || key == scene.key("n") { continue }
            keys[key] = entry.content
            guard key.bytes.starts(with: bitmaps.bytes), case .string(let bits) = entry.content else { continue }
            let end = bits.bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
            let pool = snapshot[scene.key("ph:" + key.dropping(bitmaps.count))]
            keys[key] = end == 0 && pool != nil ? nil : .string(bits[0..<end])
        }
        return keys
    }
}
