// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

extension ResourceWorld {
    private var isRegistered: Bool { !self.state.definitions.isEmpty }

    mutating func release(_ holds: [Hold]) async throws {
        let arguments = self.scene.releaseArguments(holds, isRegistered: self.isRegistered, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/release", arguments)
        if self.isRegistered { try self.sweep() }
        var wanted: [ByteText] = []
        for hold in holds {
            // Without registered resources only what is asked for is looked at.
            for late in self.state.due(self.nowMs) where late.name == hold.name { try self.free(late.name, "X") }
            let (word, name) = self.state.judge(hold)
            self.count(word)
            let freed = word == "RELINQUISHED" ? try name.flatMap { try self.free($0, "R") } : nil
            wanted += [word, freed?.joined("\t") ?? ""]
        }
        try self.expect(answer, "ITEMS", wanted)
    }

    mutating func transactRelease(_ holds: [Hold], _ method: ByteText) async throws {
        guard self.isRegistered else { return }
        var arguments = self.scene.transactReleaseArguments(holds, method: method)
        arguments["tag"] = self.scene.tag
        let answer = try await self.scene.run("reservation/transact_release", arguments)
        try self.sweep()
        var judged: [(word: ByteText, name: ByteText?)] = []
        for hold in holds {
            var found = self.state.judge(hold)
            let isSecond = judged.contains { $0.word == "RELINQUISHED" && $0.name == found.name }
            if found.word == "RELINQUISHED", isSecond { found.word = "NOT_RESERVED" }
            judged.append(found)
        }
        let isRefused = judged.contains { $0.word == "BAD_TOKEN" || $0.word == "NOT_OWNER" }
        var wanted: [ByteText] = []
        for (word, name) in judged {
            guard word == "RELINQUISHED", let name else {
                wanted += [word, ""]
                continue
            }
            if method == "A", isRefused {
                self.count("KEPT")
                wanted += ["KEPT", ""]
                continue
            }
            wanted += [word, try self.free(name, "R")?.joined("\t") ?? name]
            if method == "F" { break }
        }
        try self.expect(answer, "ITEMS", wanted)
    }

    mutating func renew(_ holds: [Hold], _ ttlMs: Int64) async throws {
        let arguments = RenewTests.arguments(
            holds, ttlMs: ttlMs, isRegistered: self.isRegistered, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/renew", arguments)
        try self.sweep()
        var wanted: [ByteText] = []
        for hold in holds {
            let (word, name) = self.state.judge(hold)
            guard word == "RELINQUISHED", let name else {
                wanted += [word, "", "", "", ""]
                continue
            }
            self.count("RENEWED")
            let end = self.nowMs + ttlMs
            self.state.holds[name]?.expiresMs = end
            let held = try #require(self.state.holds[name])
            wanted += ["RENEWED", held.end, padded(held.fence ?? 0, 16), name, held.along]
        }
        try self.expect(answer, "ITEMS", wanted)
    }

    mutating func releaseRequester(_ requester: ByteText, _ limit: Int) async throws {
        var (after, till): (ByteText, ByteText) = ("0", "")
        var hasMore = true
        while hasMore {
            let arguments = ReleaseRequesterTests.arguments(
                requester, after: after, till: till, limit: limit, tag: self.scene.tag)
            let answer = try await self.scene.run("reservation/release_requester", arguments)
            let own = self.state.holds.values.filter { $0.requester == requester }
                .sorted { ($0.fence ?? 0) < ($1.fence ?? 0) }
            if till.count == 0 { till = ByteText(own.last?.fence ?? 0) }
            let range = ((after.number ?? 0) + 1)..<((till.number ?? 0) + 1)
            let part = own.filter { range.contains($0.fence ?? 0) }.prefix(limit)
            var count = 0
            for hold in part {
                let isLate = hold.expiresMs.map { $0 <= self.nowMs } ?? false
                try self.free(hold.name, isLate ? "X" : "B")
                if !isLate { count += 1 }
                after = ByteText(hold.fence ?? 0)
            }
            hasMore = part.count == limit
            let numbers = [ByteText(count), "0", after, till, hasMore ? "1" : "0"]
            try self.expect(answer, "RELEASED", numbers)
            self.count("bulk")
        }
    }

    mutating func forceRelease(_ name: ByteText) async throws {
        let answer = try await self.scene.run(
            "reservation/force_release", ["resource": name, "entry": "{}", "context": ""])
        try self.sweep()
        let units = self.state.slots(name)
        let unit = units.first?.name ?? name
        var (word, texts): (ByteText, [ByteText]) = ("FREE", [])
        if units.count > 1 {
            (word, texts) = ("SEVERAL", [ByteText(units.count)])
        } else if let hold = self.state.holds[unit] {
            let freed = try self.free(unit, "F")
            (word, texts) = ("FORCED", [hold.requester, freed?.joined("\t") ?? unit])
        } else if self.state.systems[unit] != nil || !self.state.below(name).isEmpty {
            word = "DERIVED"
        }
        self.count(word)
        try self.expect(answer, word, texts)
    }

    mutating func expire(_ limit: Int) async throws {
        let answer = try await self.scene.run("reservation/expire", ["limit": ByteText(limit)])
        let due = self.state.due(self.nowMs).prefix(limit)
        for hold in due { try self.free(hold.name, "X") }
        let numbers = [due.count, 0, due.count == limit ? 1 : 0].map { ByteText($0) }
        try self.expect(answer, "EXPIRED", numbers + [ByteText(self.nowMs)])
        if due.count < limit { self.sweptMs = self.nowMs }
    }
}
