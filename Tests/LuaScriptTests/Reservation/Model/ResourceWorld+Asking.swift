// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

extension ResourceWorld {
    // MARK: Definitions

    /// The part of the server: who is above others is marked, and what cannot be is not sent.
    private func checked(_ wanted: [Resource]) -> [Resource]? {
        var all = self.state.definitions.mapValues(\.resource)
        for resource in wanted { all[resource.name] = resource }
        let inner = Set(all.values.map(\.parent))
        var rows = wanted
        for name in inner.sorted() where !rows.contains(where: { $0.name == name }) {
            if let known = all[name], !known.marks.bytes.contains(UInt8(ascii: "a")) { rows.append(known) }
        }
        for index in rows.indices {
            let name = rows[index].name
            let was = self.state.definitions[name]?.resource.marks.bytes.contains(UInt8(ascii: "a")) ?? false
            rows[index].marks = was || inner.contains(name) ? "ao" : "o"
        }
        for name in all.keys {
            var (at, steps): (ByteText, Int) = (name, 0)
            while let resource = all[at], steps <= all.count { (at, steps) = (resource.parent, steps + 1) }
            if at.count > 0 { return nil }
            if let (base, number) = ResourceState.slot(name), let pool = all[base] {
                let peak = max(pool.capacity, self.state.definitions[base]?.peak ?? 1)
                if peak > 1, number < peak { return nil }
            }
        }
        return rows
    }

    mutating func define(_ wanted: [Resource]) async throws {
        guard let rows = self.checked(wanted) else { return }
        let isFirst = self.state.definitions.isEmpty
        let arguments = self.scene.defineArguments(rows, version: self.state.version, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/define", arguments)
        self.state.version += 1
        var texts = [ByteText(self.state.version)]
        for row in rows {
            self.state.define(row)
            guard let new = self.state.definitions[row.name], new.isPool, new.adopted < row.capacity else { continue }
            texts += [row.name, ByteText(new.adopted), ByteText(row.capacity)]
        }
        try self.expect(answer, "DEFINED", texts)
        self.count("DEFINED")
        let tag = try await self.scene.harness.text("GET", self.scene.tenantKey) ?? ""
        try self.expect((tag != self.scene.tag) == isFirst, "the tag \(self.scene.tag) became \(tag)")
        self.scene.tag = tag
    }

    mutating func adopt(_ pool: ByteText, _ chunk: Int64) async throws {
        guard let known = self.state.definitions[pool], known.isPool else { return }
        var first = known.adopted
        while first < known.resource.capacity {
            let end = min(first + chunk, known.resource.capacity)
            let answer = try await self.scene.run("reservation/adopt", self.scene.adoptArguments(pool, first..<end))
            try self.expect(answer, "ADOPTED", [ByteText(end)])
            self.state.adopt(pool, first..<end)
            try await self.compare()
            first = end
        }
    }

    mutating func undefine(_ names: [ByteText], _ mode: ByteText) async throws {
        var (open, found): ([ByteText], [ByteText]) = (names.filter { self.state.definitions[$0] != nil }, [])
        while let name = open.popLast() {
            found.append(name)
            open += self.state.definitions.filter { $1.resource.parent == name }.keys.sorted()
        }
        guard !found.isEmpty else { return }
        found.reverse()
        let arguments = UndefineTests.arguments(found, version: self.state.version, mode: mode, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/undefine", arguments)
        try self.sweep()
        if let held = found.first(where: { self.state.isInUse($0) }) {
            self.count("HELD")
            return try self.expect(answer, "HELD", [held])
        }
        if mode == "D" {
            self.state.version += 1
            for name in found { self.state.definitions[name] = nil }
        }
        self.count("DELETED")
        try self.expect(answer, "DELETED", [ByteText(self.state.version)])
    }

    // MARK: Reading

    mutating func check(_ names: [ByteText]) async throws {
        guard !self.state.definitions.isEmpty else { return }
        let arguments = self.scene.checkArguments(names, isRegistered: true, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/check", arguments)
        // What is past its time is either named as being in the way, or ended for the sake of the comparison.
        if answer.word == "BEHIND" {
            return try self.expect(!self.state.due(self.nowMs).isEmpty, "nothing is due")
        }
        guard self.state.due(self.nowMs).isEmpty else { return }
        var wanted: [ByteText] = []
        for name in names {
            let (definition, resource, slot) = self.state.resolve(name)
            var holder = self.state.occupant(name)
            var isHeld = holder != nil
            if let definition, slot == nil || holder == nil {
                let capacity = definition.resource.capacity
                let users = self.state.units(resource).map(\.requester) + self.state.onlyBelow(resource)
                isHeld = users.count >= capacity || slot.map { $0 >= capacity || capacity == 1 } ?? false
                holder = slot == nil && users.count == 1 ? users[0] : nil
            }
            wanted += isHeld ? ["HELD", holder ?? ""] : ["FREE", ""]
        }
        try self.expect(answer, "ITEMS", wanted)
    }

    mutating func definitions(_ limit: Int) async throws {
        var (after, rows): (ByteText, [ByteText]) = ("", [])
        while true {
            let answer = try await self.scene.run(
                "reservation/definitions",
                ["tag": self.scene.tag, "after": after, "limit": ByteText(limit), "swept_ms": "0"])
            guard self.state.due(self.nowMs).isEmpty else { return try self.expect(answer, "BEHIND", []) }
            try self.expect(answer.word == "PAGE" && answer.text(0) == ByteText(self.state.version), "\(answer)")
            let page = answer.fields.dropFirst().map(\.text)
            rows += page
            guard page.count == limit * 3 else { break }
            after = page[page.count - 3]
        }
        let wanted = self.state.definitions.sorted { $0.key < $1.key }.flatMap { name, definition in
            [name, definition.row, ByteText(self.state.used(name))]
        }
        try self.expect(rows == wanted, "listed \(rows), not \(wanted)")
    }

    mutating func holds(_ limit: Int) async throws {
        var (score, member, found): (ByteText, ByteText, [ByteText]) = ("", "", [])
        repeat {
            let answer = try await self.scene.run(
                "reservation/holds",
                ["tag": self.scene.tag, "score": score, "member": member, "limit": ByteText(limit)])
            try self.expect(answer.word == "HOLDS", "\(answer)")
            (score, member) = (answer.text(0), answer.text(1))
            found += stride(from: 2, to: answer.fields.count, by: 2).map { answer.text($0) }
        } while score.count > 0
        let live = self.state.holds.values.filter { $0.expiresMs.map { $0 > self.nowMs } ?? true }
        let wanted = live.sorted { ($0.expiresMs ?? .max, $0.name) < ($1.expiresMs ?? .max, $1.name) }.map(\.name)
        try self.expect(found == wanted, "listed \(found), not \(wanted)")
    }
}
