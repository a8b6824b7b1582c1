// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

extension ResourceWorld {
    private typealias Direct = ResourceState.Direct
    private typealias Answer = ResourceState.Answer

    /// Takes plain names, as a tenant without registered resources does.
    mutating func acquire(_ holds: [Hold]) async throws {
        guard self.state.definitions.isEmpty else { return }
        let arguments = self.scene.acquireArguments(holds, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/acquire", arguments)
        for (index, hold) in holds.enumerated() {
            let given = (1...5).map { answer.text(index * 5 + $0) }
            if self.state.due(self.nowMs).contains(where: { $0.name == hold.name }) {
                try self.free(hold.name, "X", id: given[2].number.map { $0 - 1 })
            }
            let taken = self.state.take(hold, nowMs: self.nowMs)
            guard var held = taken.hold else {
                try self.expect(given[0] == "ALREADY_HELD", "\(hold.name) is held: \(given)")
                continue
            }
            if held.fence == nil { held = try self.acquired(held.name, id: given[2].number) }
            let wanted = [taken.word, held.end, padded(held.fence ?? 0, 16), held.token, held.requester]
            try self.expect(given == wanted, "\(given), not \(wanted)")
        }
    }

    /// What the model says of a hold that is only asked about.
    private static func question(_ hold: Hold, _ state: ResourceState, _ nowMs: Int64) -> Answer {
        var whatIf = state
        var answer = whatIf.take(hold, nowMs: nowMs)
        if answer.hold != nil, state.had(hold) == nil { answer.word = "AVAILABLE" }
        return answer
    }

    mutating func claim(
        _ holds: [Hold], _ mode: ByteText, _ questions: Set<Int>, _ limit: ByteText, _ isSwept: Bool
    ) async throws {
        let sweptMs = isSwept ? self.sweptMs : 0
        let arguments = self.scene.claimArguments(
            holds, mode: mode, questions: questions, limit: limit, sweptMs: sweptMs, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/claim", arguments)
        try self.sweep(sweptMs > 0 ? sweptMs : nil)
        var next = self.state
        var answers: [Answer] = []
        for (index, hold) in holds.enumerated() {
            let isQuestion = questions.contains(index)
            answers.append(
                isQuestion
                    ? Self.question(hold, next, self.nowMs) : next.take(hold, nowMs: self.nowMs))
        }
        try self.finish(answer, answers, limit, next, isKept: mode != "Q")
    }

    mutating func transact(
        _ holds: [Hold], _ method: ByteText, _ isQuestion: Bool, _ limit: ByteText
    ) async throws {
        let arguments = self.scene.transactArguments(
            holds, method: method, isQuestion: isQuestion, limit: limit, tag: self.scene.tag)
        let answer = try await self.scene.run("reservation/transact", arguments)
        try self.sweep()
        // The one that was taken when this call was sent before.
        let first = method == "F" ? holds.firstIndex { self.state.had($0)?.token == $0.token } : nil
        var next = self.state
        var answers: [Answer] = []
        for (index, hold) in holds.enumerated() {
            let isBefore = first.map { index < $0 } ?? false
            let taken = isBefore ? Self.question(hold, next, self.nowMs) : next.take(hold, nowMs: self.nowMs)
            answers.append(taken)
            if method == "F", taken.isHeld, !isBefore { break }
        }
        let isRefused = method == "A" && !answers.allSatisfy(\.isHeld)
        try self.finish(answer, answers, limit, next, isKept: !isQuestion && !isRefused)
    }

    /// Holds an answer against those of the model, and has what was taken if it is kept.
    private mutating func finish(
        _ answer: ScriptAnswer, _ answers: [Answer], _ limit: ByteText, _ next: ResourceState, isKept: Bool
    ) throws {
        let live = self.state.holds.values.filter { $0.expiresMs.map { $0 > self.nowMs } ?? true }.count
        let grants = next.holds.keys.filter { self.state.holds[$0] == nil }.count
        if isKept, grants > 0, let most = limit.number, live + grants > most {
            self.count("LIMITED")
            let end = self.state.firstEnd(after: self.nowMs).map { ByteText($0) } ?? ""
            return try self.expect(answer, "LIMITED", [ByteText(live), end])
        }
        if isKept { self.state = next }
        var wanted: [ByteText] = [limit.number == nil ? "" : ByteText(live)]
        for (index, taken) in answers.enumerated() {
            let obstacles = answer.text(7 + index * 7)
            try self.expect(obstacles, are: taken.obstacles)
            self.count(taken.word)
            guard var hold = taken.hold else {
                wanted += [taken.word, "", "", "", "", "", obstacles]
                continue
            }
            var word = taken.word
            if word != "AVAILABLE" {
                if isKept, self.state.holds[hold.name]?.fence == nil { _ = try self.acquired(hold.name) }
                if let now = self.state.holds[hold.name] { hold = now } else { word = "AVAILABLE" }
            }
            let fence = word == "AVAILABLE" ? "" : padded(hold.fence ?? 0, 16)
            wanted += [word, hold.end, fence, hold.token, hold.name, hold.along, obstacles]
        }
        try self.expect(answer, "ITEMS", wanted)
    }

    private func expect(_ text: ByteText, are obstacles: [ResourceState.Obstacle]) throws {
        let lines = text.count == 0 ? [] : text.split(UInt8(ascii: "\n")).map { $0.split(UInt8(ascii: "\t")) }
        let isSo =
            lines.count == obstacles.count
            && zip(lines, obstacles).allSatisfy { line, obstacle in
                line.count == 4 && line[0] == obstacle.name && line[1] == obstacle.kind
                    && (line[2].count == 0 ? !obstacle.isCertain : obstacle.holders.contains(line[2]))
            }
        try self.expect(isSo, "in the way are \(lines), not \(obstacles)")
    }
}
