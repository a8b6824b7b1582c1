// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Looks for an order of all budget calls, each at one moment within its span, in which a sequential model gives
/// exactly the answers that were given. Sweeps leave no answer: they may happen at any time, but always take what is
/// due first.
///
/// Answers show the ledgers they leave behind, and most tell their time to the millisecond, so there is hardly ever
/// more than one call that fits next; where there is, the search comes back to the other.
struct Linearizer {
    /// One answer to be put in order.
    private struct Item {
        /// What it may stand for.
        enum Role {
            /// Whatever fits.
            case call
            /// The effect that several calls of one key share.
            case effect
            /// The answer to one of those.
            case replay
            /// No answer: it had its effect, or not.
            case perhaps
        }

        var role: Role
        let request: BudgetRequest
        let answer: BudgetAnswer
        var span: Span
        /// When it may have been carried out, by its span and by what its answer says about the time.
        var beginUs: Int64
        var endUs: Int64
        var finalizedMs: Int64?

        /// Whether the answer depends on everything due being swept.
        var isReadOfRoom: Bool {
            switch answer.outcome {
            case .balances, .refused(409, BudgetModel.Denial.Reason.exceeded.rawValue, _): true
            case .decided(let decision): decision.reason == BudgetModel.Denial.Reason.exceeded.rawValue
            // A commit or event that is short, and was not denied whatever is left.
            case .refused(409, BudgetModel.Denial.Reason.overLimit.rawValue, _), .committed, .charged:
                request.isBooking
            default: false
            }
        }
    }

    private enum Choice {
        case place(Int, Prediction)
        case sweep
    }

    /// A step that was taken and those that could have been instead.
    private struct Step {
        let undo: BudgetModel.Undo
        /// The item placed, and where it was among the open ones.
        let placed: (item: Int, position: Int)?
        let clockUs: Int64
        var others: ArraySlice<Choice>
        /// Whether what was chosen, or not, may show only much later: terms of a policy, a freeze.
        let isPivot: Bool
    }

    /// What came of the search.
    enum Outcome {
        /// The model after every call.
        case ordered(BudgetModel)
        /// Why no order is possible, or none was found.
        case stuck(String)
    }

    /// Dead ends without getting any further, after which the search goes back to the last pivot.
    private static let patience = 400

    private let items: [Item]
    private let foresight: Foresight
    private var deadEnds = 0
    private var model: BudgetModel
    /// Items not placed, by begin.
    private var open: [Int]
    /// No later call was carried out before this.
    private var clockUs: Int64 = 0
    private var steps: [Step] = []
    private var deepest: (count: Int, report: String) = (-1, "")

    init(_ calls: [BudgetCall], _ final: FinalState?, from model: BudgetModel) {
        self.model = model
        foresight = Foresight(calls)
        var items: [Item] = []
        var successes: [String: [(BudgetCall, BudgetAnswer)]] = [:]
        for call in calls {
            guard let answer = call.answer else { continue }
            if answer.isUnknown {
                guard call.request.isFreeze, !answer.claimsNoEffect else { continue }
                items.append(Self.item(.perhaps, call.request, answer, Span(call), final))
                continue
            }
            if answer.outcome.isKeyedSuccess, let name = call.request.keyName {
                successes[name, default: []].append((call, answer))
            } else {
                items.append(Self.item(.call, call.request, answer, Span(call), final))
            }
        }
        for group in successes.values { items += Self.items(group, final) }
        self.items = items
        open = items.indices.sorted { items[$0].beginUs < items[$1].beginUs }
    }

    /// The successes of one key: one effect, before the first of them was answered, and an answer each.
    private static func items(_ group: [(call: BudgetCall, answer: BudgetAnswer)], _ final: FinalState?) -> [Item] {
        guard group.count > 1, let first = group.min(by: { $0.call.wholeWindow.endUs < $1.call.wholeWindow.endUs })
        else { return group.map { item(.call, $0.call.request, $0.answer, Span($0.call), final) } }
        var effect = first.answer
        effect.remainingMs = group.compactMap(\.answer.remainingMs).max()
        let window = Window(
            beginUs: group.map(\.call.wholeWindow.beginUs).min() ?? 0, endUs: first.call.wholeWindow.endUs)
        return [item(.effect, first.call.request, effect, Span(whole: window, last: window), final)]
            + group.map { item(.replay, $0.call.request, $0.answer, Span($0.call), final) }
    }

    private static func item(
        _ role: Item.Role, _ request: BudgetRequest, _ answer: BudgetAnswer, _ span: Span, _ final: FinalState?
    ) -> Item {
        var item = Item(
            role: role, request: request, answer: answer, span: span, beginUs: span.last.beginUs,
            endUs: span.last.endUs)
        let isDone = answer.outcome.isKeyedSuccess || answer.outcome.effectMs != nil
        guard role != .replay, isDone else { return item }
        var window: Window? = span.whole
        switch (request, answer.outcome) {
        case (.commit(let id, _, _), _), (.release(let id, _, _), _):
            item.finalizedMs = final?.reservations[id]?.finalizedMs
            if let finalizedMs = item.finalizedMs { window = window?.clamped(to: .millisecond(finalizedMs)) }
        case (.extend(let id, let byMs, _), .extended(let expiresMs)):
            window = window?.through(ms: min(expiresMs - byMs, final?.reservations[id]?.finalizedMs ?? .max / 2_000))
        default:
            if let effectMs = answer.outcome.effectMs { window = window?.clamped(to: .millisecond(effectMs)) }
        }
        // Where the times contradict each other, the item will fit nowhere.
        (item.beginUs, item.endUs) = (window ?? span.whole).ends
        return item
    }

    /// Runs the search.
    mutating func run() -> Outcome {
        var stepsLeft = 10 * items.count + 10_000
        var choices = nextChoices()
        while !open.isEmpty {
            stepsLeft -= 1
            guard stepsLeft > 0 else { return .stuck("no order found in time; furthest: \(deepest.report)") }
            if let choice = choices.popFirst() {
                take(choice, others: choices)
            } else {
                note()
                guard let others = backtrack() else { return .stuck(deepest.report) }
                choices = others
                continue
            }
            choices = nextChoices()
        }
        return .ordered(model)
    }

    private mutating func take(_ choice: Choice, others: ArraySlice<Choice>) {
        let clockBefore = clockUs
        let isPivot = isPivot(choice) || others.contains(where: isPivot)
        switch choice {
        case .sweep:
            clockUs = max(clockUs, ((model.earliestDeadlineMs ?? 0) + 1) * 1_000)
            let undo = model.sweepEarliest()
            steps.append(
                Step(undo: undo, placed: nil, clockUs: clockBefore, others: others, isPivot: isPivot))
        case .place(let position, let prediction):
            let item = open.remove(at: position)
            clockUs = max(clockUs, prediction.window.beginUs)
            let undo = model.apply(prediction.effect)
            steps.append(
                Step(
                    undo: undo, placed: (item, position), clockUs: clockBefore, others: others, isPivot: isPivot))
        }
    }

    private func isPivot(_ choice: Choice) -> Bool {
        guard case .place(let position, _) = choice else { return false }
        let item = items[open[position]]
        switch item.request {
        case .setPolicy, .freeze: return true
        default: return false
        }
    }

    /// Takes steps back to the last one that had an alternative; the alternatives left there.
    private mutating func backtrack() -> ArraySlice<Choice>? {
        deadEnds += 1
        let wantsPivot = deadEnds > Self.patience && steps.contains { $0.isPivot && !$0.others.isEmpty }
        if wantsPivot { deadEnds = 0 }
        while let step = steps.popLast() {
            model.revert(step.undo)
            clockUs = step.clockUs
            if let (item, position) = step.placed { open.insert(item, at: position) }
            if !step.others.isEmpty, step.isPivot || !wantsPivot { return step.others }
        }
        return nil
    }

    /// What may come next, the likeliest first. A call that changes nothing comes as soon as it fits: it cannot be in
    /// the way of another, unless the clock passes a deadline with it and a read has to come before.
    private mutating func nextChoices() -> ArraySlice<Choice> {
        let (count, horizonUs) = horizon()
        let dueCount = model.dueCount(at: clockUs / 1_000)
        var effective: [(choice: Choice, us: Int64)] = []
        let watched = snapshots(count)
        var idle: [(choice: Choice, us: Int64)] = []
        for position in 0..<count {
            if items[open[position]].role == .perhaps {
                let (done, undone) = perhaps(position, by: horizonUs)
                if let done { effective.append((done, items[open[position]].endUs)) }
                idle.append((undone, .max))
                continue
            }
            guard let prediction = fit(items[open[position]], after: clockUs, by: horizonUs),
                !isTooEarly(prediction.effect, position)
            else { continue }
            let choice = Choice.place(position, prediction)
            let us = max(clockUs, prediction.window.beginUs)
            if !prediction.effect.isEmpty, !isUnnoticed(prediction.effect, position, count) {
                // Of those that end in the same ms, extensions come first: they may be followed by a commit.
                let isExtension = prediction.effect.ledgers == nil
                // An answer that is only kept is a read, and so is one of amount 0: it fits now, and perhaps not later.
                let isRead = prediction.effect.isPrivate || prediction.effect.ledgers == model.ledgers
                let endUs = isRead ? 0 : items[open[position]].endUs - (isExtension ? 1 : 0)
                let harm =
                    prediction.effect.frozen?.isFrozen == false
                    ? waitingForFrost(count) : prediction.effect.ledgers.map { spoilt(watched, by: $0) } ?? 0
                effective.append((choice, endUs + harm * Self.spoiltUs))
            } else if model.dueCount(at: us / 1_000) == dueCount {
                return [choice]
            } else {
                idle.append((choice, us))
            }
        }
        var choices = effective.sorted { $0.us < $1.us }.map(\.choice)
        let idleChoices = idle.sorted { $0.us < $1.us }.map(\.choice)
        let maySweep = model.earliestDeadlineMs.map { ($0 + 1) * 1_000 <= horizonUs } ?? false
        if maySweep, sweepLetsRead(count, by: horizonUs) {
            choices += [.sweep] + idleChoices
        } else {
            choices += idleChoices + (maySweep ? [.sweep] : [])
        }
        return choices[...]
    }

    /// Whether nobody can tell when an effect took place, because no other call that may come next has its key, but
    /// those that wait for it.
    private func isUnnoticed(_ effect: BudgetModel.Effect, _ position: Int, _ count: Int) -> Bool {
        guard effect.isPrivate, let name = effect.kept?.name else { return false }
        return !open.prefix(count).enumerated().contains { other, item in
            other != position && items[item].role == .call && items[item].request.keyName == name
        }
    }

    /// More than any window is long.
    private static let spoiltUs: Int64 = 1_000_000_000

    /// Whether a call that has the key which an effect uses up is still to come and was refused for what the budget is:
    /// it came before the effect, for afterwards it is a replay or a mismatch.
    private func isTooEarly(_ effect: BudgetModel.Effect, _ position: Int) -> Bool {
        guard let name = effect.kept?.name else { return false }
        let endUs = items[open[position]].endUs
        for (other, item) in open.enumerated() {
            guard items[item].beginUs <= endUs else { return false }
            guard other != position, items[item].role == .call, items[item].request.keyName == name,
                case .refused(let status, let code, _) = items[item].answer.outcome
            else { continue }
            if [409, 429].contains(status), code != "IDEMPOTENCY_MISMATCH" { return true }
        }
        return false
    }

    /// Reads among the first open items that show several ledgers as they are now, and others as they are not: these
    /// have to change first, for a ledger hardly ever has the same numbers twice.
    private func snapshots(_ count: Int) -> [[LedgerRow]] {
        open.prefix(count).compactMap { item in
            guard items[item].role != .replay else { return nil }
            switch items[item].answer.outcome {
            case .balances, .decided: break
            default: return nil
            }
            let same = items[item].answer.outcome.rows.filter { $0.numbers == model.ledgers[$0.ledger] }
            return same.isEmpty || same.count == items[item].answer.outcome.rows.count ? nil : same
        }
    }

    /// How many of the first open items were answered while a ledger was frozen.
    private func waitingForFrost(_ count: Int) -> Int64 {
        let frozen = BudgetModel.Denial.Reason.frozen.rawValue
        return Int64(
            open.prefix(count).count { item in
                switch items[item].answer.outcome {
                case .refused(_, frozen, _): true
                case .decided(let decision): items[item].role != .replay && decision.reason == frozen
                default: false
                }
            })
    }

    /// How many such reads could no longer be answered by these ledgers.
    private func spoilt(_ snapshots: [[LedgerRow]], by ledgers: [Ledger]) -> Int64 {
        Int64(snapshots.count { rows in rows.contains { $0.numbers != ledgers[$0.ledger] } })
    }

    /// What a request may stand for of which nobody knows whether it was carried out.
    private func perhaps(_ position: Int, by horizonUs: Int64) -> (done: Choice?, undone: Choice) {
        let item = items[open[position]]
        let window = Window(beginUs: max(clockUs, item.beginUs), endUs: min(item.endUs, horizonUs))
        let undone = Choice.place(position, Prediction(outcome: item.answer.outcome, window: item.span.last))
        guard case .freeze(let ledger, let isFrozen) = item.request, window.beginUs <= window.endUs,
            model.frozen.contains(ledger) != isFrozen
        else { return (nil, undone) }
        let effect = BudgetModel.Effect(frozen: (ledger, isFrozen))
        return (.place(position, Prediction(outcome: item.answer.outcome, window: window, effect: effect)), undone)
    }

    /// Whether one of the first open items, a read of what is left, would fit after some sweeps and before others.
    private mutating func sweepLetsRead(_ count: Int, by horizonUs: Int64) -> Bool {
        let reads = open.prefix(count).filter { items[$0].isReadOfRoom }
        guard !reads.isEmpty else { return false }
        var undos: [BudgetModel.Undo] = []
        var isFound = false
        var us = clockUs
        while !isFound, let deadlineMs = model.earliestDeadlineMs, (deadlineMs + 1) * 1_000 <= horizonUs {
            us = max(us, (deadlineMs + 1) * 1_000)
            undos.append(model.sweepEarliest())
            isFound = reads.contains { fit(items[$0], after: us, by: horizonUs) != nil }
        }
        for undo in undos.reversed() { model.revert(undo) }
        return isFound
    }

    /// How many of the open items may come next, and the moment by which the next one was carried out at the latest.
    private func horizon() -> (count: Int, us: Int64) {
        var us = Int64.max
        var count = 0
        for item in open {
            guard items[item].beginUs <= us else { break }
            us = min(us, items[item].endUs)
            count += 1
        }
        return (count, us)
    }

    /// The prediction that an item's answer agrees with, if the item can be next.
    private func fit(_ item: Item, after us: Int64, by horizonUs: Int64) -> Prediction? {
        predictions(item).first {
            $0.matches(item.answer) && max($0.window.beginUs, us) <= min($0.window.endUs, horizonUs)
                && (item.role == .call || $0.effect.isEmpty == (item.role == .replay))
                && foresight.allows($0.effect.reservation)
        }
    }

    private func predictions(_ item: Item) -> [Prediction] {
        model.predictions(
            item.request, within: item.span, answered: item.answer, finalizedMs: item.finalizedMs)
    }

    /// Remembers why the search could not go on, if it never came further.
    private mutating func note() {
        let count = items.count - open.count
        guard count > deepest.count else { return }
        deadEnds = 0
        let (candidates, horizonUs) = horizon()
        var lines = ["\(count) of \(items.count) calls in order, clock \(clockUs), horizon \(horizonUs)"]
        lines.append("ledgers: \(model.ledgers.map(\.description).joined(separator: " | "))")
        lines.append("next due: \(model.earliestDeadlineMs.map(String.init) ?? "nothing")")
        for step in steps.suffix(24) {
            let what = step.placed.map { "\(items[$0.item].request) \(items[$0.item].answer.outcome)" } ?? "sweep"
            lines.append("= after \(step.clockUs), \(step.others.count) others: \(what)")
        }
        for item in open.prefix(candidates).prefix(24).map({ items[$0] }) {
            lines.append("- \(item.role) \(item.request) in \(item.span.whole), \(item.beginUs)...\(item.endUs)")
            lines.append("  answered \(item.answer.outcome), left \(item.answer.remainingMs.map(String.init) ?? "-")")
            for prediction in predictions(item) {
                lines.append("  predicted \(prediction.outcome) in \(prediction.window)")
            }
        }
        deepest = (count, lines.joined(separator: "\n"))
    }
}
