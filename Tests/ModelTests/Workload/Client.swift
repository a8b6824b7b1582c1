// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One client: sends requests to any replica, repeats those whose outcome is open with the same key until it gets a
/// definite answer, and writes everything down.
struct Client: Sendable {
    /// A definite answer must come within so many attempts.
    private static let attemptsMax = 80
    /// No list has more pages.
    private static let pagesMax = 20_000

    let stack: ModelStack
    let record: Record

    /// Sends a budget request until its outcome is known. `turn` chooses the first replica and the key.
    @discardableResult
    func send(_ request: BudgetRequest, turn: Int) async -> BudgetAnswer? {
        var call = BudgetCall(request: request, attempts: [])
        let wire = BudgetWire.request(request, record.credentials(turn), sendsHeader: turn.isMultiple(of: 2))
        for attempt in 0..<Self.attemptsMax {
            let beginUs = WallClock.nowUs()
            let response = await replica(turn + attempt).answer(wire)
            let window = Window(beginUs: beginUs, endUs: WallClock.nowUs())
            let answer = BudgetWire.answer(to: request, response)
            call.attempts.append(Attempt(window: window, answer: answer))
            if !answer.isUnknown { break }
            // Without a key, a repetition may do it again.
            guard request.isFreeze else { continue }
            record.add(call)
            call.attempts = []
        }
        record.add(call)
        return call.answer
    }

    /// Reads a list from its first page to its last.
    func walk(_ query: Walk.Query, turn: Int) async {
        var walk = Walk(query: query, pages: [])
        var cursor: String?
        do {
            repeat {
                let (page, window) = try await page(query, cursor, turn: turn + walk.pages.count)
                walk.pages.append(Walk.Page(window: window, rows: page.rows))
                cursor = page.cursor
            } while cursor != nil && walk.pages.count < Self.pagesMax
            if cursor != nil { walk.trouble = "does not end" }
        } catch {
            walk.trouble = "\(error)"
        }
        record.add(walk)
    }

    private func page(_ query: Walk.Query, _ cursor: String?, turn: Int) async throws -> (ListWire.Page, Window) {
        let wire = ListWire.request(query, cursor: cursor, apiKey: record.credentials(turn).apiKey)
        for attempt in 0..<Self.attemptsMax {
            let beginUs = WallClock.nowUs()
            let response = await replica(turn + attempt).answer(wire)
            let window = Window(beginUs: beginUs, endUs: WallClock.nowUs())
            if let page = try ListWire.page(response) { return (page, window) }
        }
        throw BadAnswer(what: "no definite answer")
    }

    /// Sends a lock request until its outcome is known: one answer for each item.
    @discardableResult
    func send(_ requests: [LockRequest], turn: Int) async -> [LockAnswer] {
        var calls = requests.map { LockCall(request: $0, attempts: []) }
        let wire = LockWire.request(requests, apiKey: record.credentials(turn).apiKey)
        for attempt in 0..<Self.attemptsMax {
            let beginUs = WallClock.nowUs()
            let response = await replica(turn + attempt).answer(wire)
            let window = Window(beginUs: beginUs, endUs: WallClock.nowUs())
            let answers = LockWire.answers(to: requests, response)
            for (index, answer) in answers.enumerated() {
                calls[index].attempts.append(Attempt(window: window, answer: answer))
            }
            if answers.allSatisfy({ !$0.isUnknown }) { break }
        }
        for call in calls { record.add(call) }
        return calls.compactMap(\.answer)
    }

    private func replica(_ turn: Int) -> Replica { stack.replicas[turn % stack.replicas.count] }

    /// Works through a workload.
    func run(_ workload: Workload, steps: Int, afterStep: (Int) async throws -> Void) async throws {
        var workload = workload
        var held: [String: LockAnswer.Hold] = [:]
        for _ in 0..<steps {
            let turn = workload.below(1_000_000)
            switch workload.next(record.memory, holding: held) {
            case .locks(let requests):
                Self.remember(requests, await send(requests, turn: turn), in: &held)
            case let operation: try await perform(operation, turn)
            }
            try await afterStep(record.count())
        }
        for (name, hold) in held {
            await send([.release(requester: workload.requester, name: name, token: hold.token)], turn: 0)
        }
    }

    private func perform(_ operation: Workload.Operation, _ turn: Int) async throws {
        switch operation {
        case .budget(let request): await send(request, turn: turn)
        case .budgetAt(let request, let us):
            // At most a few ms away.
            while WallClock.nowUs() < us { await Task.yield() }
            await send(request, turn: turn)
        case .together(let requests, let us):
            while WallClock.nowUs() < us { await Task.yield() }
            await withTaskGroup { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { _ = await send(request, turn: turn + index) }
                }
            }
        case .frozen(let ledger, let requests):
            await send(.freeze(ledger: ledger, true), turn: turn)
            for request in requests { await send(request, turn: turn) }
            await send(.freeze(ledger: ledger, false), turn: turn)
        case .walk(let query): await walk(query, turn: turn)
        case .locks: break
        case .forgetScripts: try await stack.command("SCRIPT", "FLUSH")
        case .cutConnections(let times): try await cutConnections(times)
        case .shutOut: try await shutOut(turn)
        case .killServer(let number):
            if try await replica(number).replace() { record.addKill() }
        }
    }

    private static func remember(
        _ requests: [LockRequest], _ answers: [LockAnswer], in held: inout [String: LockAnswer.Hold]
    ) {
        for (request, answer) in zip(requests, answers) {
            switch (request, answer) {
            case (.acquire(_, let name, _), .acquired(let hold)), (.acquire(_, let name, _), .alreadyHad(let hold)):
                held[name] = hold
            case (.release(_, let name, let token), _) where held[name]?.token == token: held[name] = nil
            case (.acquire(_, let name, _), .alreadyHeld): held[name] = nil
            default: break
            }
        }
    }

    /// Cuts every connection but the side one; the next time comes when connections are back, or nearly.
    private func cutConnections(_ times: Int) async throws {
        for _ in 0..<times {
            try await stack.command("CLIENT", "KILL", "TYPE", "normal")
            record.addCut()
            for _ in 0..<200 where !stack.replicas.allSatisfy({ $0.life.runner.pool.isReady }) { await Task.yield() }
        }
    }

    /// Cuts every connection but the side one and lets none come back until a request has failed for that.
    private func shutOut(_ turn: Int) async throws {
        try await stack.command("CONFIG", "SET", "maxclients", "1")
        try await stack.command("CLIENT", "KILL", "TYPE", "normal")
        record.addCut()
        let wire = BudgetWire.request(.balances, record.credentials(0))
        for _ in 0..<20 {
            let answer = BudgetWire.answer(to: .balances, await replica(turn).answer(wire))
            if answer.isUnknown { break }
        }
        try await stack.command("CONFIG", "SET", "maxclients", "1000")
    }
}
