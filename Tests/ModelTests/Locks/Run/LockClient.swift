// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import NIOCore
import NIOPosix

/// One client: sends requests to any server and writes down what it asked and was told, one call for each attempt.
struct LockClient: Sendable {
    /// A definite answer must come within so many attempts.
    private static let attemptsMax = 80
    /// Redis reads at most 16 KB of a connection in one turn, and turns to all of them before it answers a question
    /// that came later; servers have less than this under way.
    private static let turns = 8
    /// For Redis' clock may be a little behind.
    private static let marginUs: Int64 = 3_000

    let stack: ModelStack
    let journal: LockJournal
    let apiKey: String
    let number: Int
    /// Requests whose client did not live to see the answer, with the time when they began.
    let orphans: AsyncStream<Orphan>.Continuation

    /// A request that goes on without its client.
    struct Orphan: Sendable {
        var request: LockHistory.Request
        var beginUs: Int64
        var turn: Int
    }

    /// Works through a workload as long as there are steps left for all clients together.
    func run(_ workload: LockWorkload, steps: Int, afterStep: (Int) async throws -> Void) async throws {
        var workload = workload
        while let number = journal.count(upTo: steps) {
            let turn = workload.below(1_000_000)
            switch workload.next(journal.memory) {
            case .ask(let request):
                let answers = await askUntilKnown(request, turn: turn)
                workload.note(request, answers)
            case .die(let request):
                orphans.yield(Orphan(request: request, beginUs: MonotonicClock.nowUs(), turn: turn))
                journal.addDeath(of: workload.requester)
                workload.reborn()
            case .nap(let items, let verb, let extraUs):
                try await nap(items, then: verb, extraUs: extraUs, turn: turn, &workload)
            }
            try await afterStep(number)
        }
    }

    /// Asks again and again while no answer comes.
    @discardableResult
    func askUntilKnown(_ request: LockHistory.Request, turn: Int) async -> [LockHistory.Answer] {
        var answers: [LockHistory.Answer] = []
        for attempt in 0..<Self.attemptsMax {
            answers = await ask(request, turn: turn + attempt)
            if !answers.contains(.unknown) { break }
        }
        return answers
    }

    private func ask(_ request: LockHistory.Request, turn: Int) async -> [LockHistory.Answer] {
        let beginUs = MonotonicClock.nowUs()
        let answers = LockHistoryWire.answers(to: request, await send(request, turn: turn))
        if answers.contains(.unknown) { await untilNothingIsUnderWay() }
        write(request, answers, beginUs: beginUs)
        return answers
    }

    /// Sees a request through in the place of its client; its answer is lost. What it may have taken for ever is given
    /// back, for else little would be left to all others before long.
    func bury(_ orphan: Orphan) async {
        _ = await send(orphan.request, turn: orphan.turn)
        await untilNothingIsUnderWay()
        write(orphan.request, orphan.request.items.map { _ in .unknown }, beginUs: orphan.beginUs)
        guard orphan.request.verb == .reserve,
            let item = orphan.request.items.first(where: { $0.ttlSeconds == nil })
        else { return }
        await askUntilKnown(.init(verb: .releaseAll, items: [.init(requester: item.requester)]), turn: orphan.turn)
    }

    private func send(_ request: LockHistory.Request, turn: Int) async -> APIResponse? {
        await stack.replicas[turn % stack.replicas.count].answer(LockHistoryWire.request(request, apiKey: apiKey))
    }

    private func write(_ request: LockHistory.Request, _ answers: [LockHistory.Answer], beginUs: Int64) {
        let window = Stretch(beginUs: beginUs, endUs: MonotonicClock.nowUs())
        journal.add(.init(client: number, request: request, window: window, answers: answers))
    }

    /// A server that gave up a request sends nothing of it any more, but it may have sent it: once Redis has answered
    /// a few questions one after the other, it has read all that was sent before.
    private func untilNothingIsUnderWay() async {
        for _ in 0..<Self.turns { _ = try? await stack.command("PING") }
    }

    /// Longer than the time to live of what it has.
    private func nap(
        _ items: [LockHistory.Item], then verb: LockHistory.Request.Verb, extraUs: Int64, turn: Int,
        _ workload: inout LockWorkload
    ) async throws {
        let request = LockHistory.Request(verb: .reserve, items: items)
        let answers = await askUntilKnown(request, turn: turn)
        workload.note(request, answers)
        let late = zip(items, answers).compactMap { item, answer -> LockHistory.Item? in
            guard case .acquired(let grant) = answer else { return nil }
            var item = item
            item.token = grant.token
            return item
        }
        guard let ttlSeconds = late.first?.ttlSeconds else { return }
        let overUs = Stretch.time(MonotonicClock.nowUs(), plusSeconds: ttlSeconds)
        try await Alarm.wait(untilUs: overUs + Self.marginUs + extraUs)
        journal.addNap()
        let use = LockHistory.Request(verb: verb, items: late)
        workload.note(use, await askUntilKnown(use, turn: turn))
    }
}

/// Clients and servers that do nothing for a while are what a run is about; a timer, so that others have the processor.
enum Alarm {
    static func wait(untilUs: Int64) async throws {
        let time = TimeAmount.microseconds(max(0, untilUs - MonotonicClock.nowUs()))
        try await MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: time) {}.futureResult.get()
    }
}
