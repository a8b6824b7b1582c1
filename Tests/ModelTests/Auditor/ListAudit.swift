// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Lists of reservations, each read from the first page to the last while others are at work (runtime digest 7.1):
/// what was there before the walk began is in it exactly once, unless the walk's own order or filter was in motion;
/// what is in it exists, is in order, and is in a state that it was in while its page was made.
struct ListAudit {
    /// A reservation's whole life.
    private struct Life {
        var estimate: BudgetRequest.Estimate
        var createdMs: Int64
        var amount: Int64
        var path: String
        /// The expiry it was made with, and those that extensions gave it.
        var expiries: [(ms: Int64, span: Window)]
        /// How it ended, if it did not expire.
        var end: (status: String, charged: Int64?, atMs: Int64)?

        var deadlineMs: Int64 { (expiries.map(\.ms).max() ?? 0) + estimate.graceMs }

        /// The states it may have been in.
        func statuses(in window: Window) -> Set<String> {
            var statuses: Set<String> = []
            if let end {
                if window.beginMs <= end.atMs { statuses.insert("ACTIVE") }
                if window.endMs >= end.atMs { statuses.insert(end.status) }
                return statuses
            }
            if window.beginMs <= deadlineMs { statuses.insert("ACTIVE") }
            if window.endMs > deadlineMs { statuses.insert("EXPIRED") }
            return statuses
        }

        /// Whether its expiry may have changed.
        func mayBeExtended(in window: Window) -> Bool {
            expiries.dropFirst().contains { $0.span.clamped(to: window) != nil }
        }
    }

    private let walks: [Walk]
    private let lives: [String: Life]

    init(_ history: History, _ final: FinalState) {
        walks = history.walks
        var lives: [String: Life] = [:]
        guard !walks.isEmpty else {
            self.lives = lives
            return
        }
        for call in history.budgetCalls {
            guard case .reserve(let estimate, _) = call.request, case .reserved(let new)? = call.answer?.outcome,
                lives[new.id] == nil
            else { continue }
            lives[new.id] = Life(
                estimate: estimate, createdMs: new.createdMs, amount: new.amount, path: new.path,
                expiries: [(new.expiresMs, call.wholeWindow)])
        }
        for call in history.budgetCalls {
            switch (call.request, call.answer?.outcome) {
            case (.extend(let id, _, _), .extended(let expiresMs)?):
                lives[id]?.expiries.append((expiresMs, call.wholeWindow))
            case (.commit(let id, _, _), .committed(let charged, _, _)?):
                guard let atMs = final.reservations[id]?.finalizedMs else { continue }
                lives[id]?.end = ("COMMITTED", charged, atMs)
            case (.release(let id, _, _), .released?):
                guard let atMs = final.reservations[id]?.finalizedMs else { continue }
                lives[id]?.end = ("RELEASED", nil, atMs)
            default: break
            }
        }
        self.lives = lives
    }

    func findings() -> [Finding] { walks.flatMap { walk in rows(walk) + presence(walk) + order(walk) } }

    private func finding(_ walk: Walk, _ text: String) -> Finding {
        Finding(.listing, "\(walk.query) in \(walk.window): \(text)")
    }

    // MARK: Each row

    private func rows(_ walk: Walk) -> [Finding] {
        var found: [Finding] = []
        if let trouble = walk.trouble { found.append(finding(walk, trouble)) }
        for page in walk.pages {
            if page.rows.count > walk.query.limit { found.append(finding(walk, "a page of \(page.rows.count)")) }
            for row in page.rows {
                guard let life = lives[row.id] else {
                    found.append(finding(walk, "\(row.id) was never made"))
                    continue
                }
                let problem = Self.problem(row.found, life, page.window) ?? mismatch(row.found, walk.query)
                if let problem { found.append(finding(walk, "\(row) in \(page.window): \(problem)")) }
            }
        }
        return found
    }

    private static func problem(
        _ row: BudgetOutcome.FoundReservation, _ life: Life, _ window: Window
    ) -> String? {
        if row.amount != life.amount || row.createdMs != life.createdMs || row.path != life.path {
            return "is not what was made"
        }
        if !life.statuses(in: window).contains(row.status) { return "was not \(row.status) then" }
        let isOver = row.status == life.end?.status
        if row.committed != (isOver ? life.end?.charged : nil) { return "charged something else" }
        if row.finalizedMs != (isOver ? life.end?.atMs : nil) { return "ended at another time" }
        return life.expiries.contains { $0.ms == row.expiresMs && $0.span.beginUs <= window.endUs }
            ? nil : "never had this expiry"
    }

    private func mismatch(_ row: BudgetOutcome.FoundReservation, _ query: Walk.Query) -> String? {
        if let status = query.status, row.status != status { return "is not \(status)" }
        if let fromMs = query.fromMs, row.createdMs < fromMs { return "is older than was asked for" }
        return nil
    }

    // MARK: Which rows

    private func presence(_ walk: Walk) -> [Finding] {
        guard walk.trouble == nil else { return [] }
        var counts: [String: Int] = [:]
        for page in walk.pages { for row in page.rows { counts[row.id, default: 0] += 1 } }
        var found: [Finding] = []
        for (id, life) in lives {
            let count = counts[id] ?? 0
            let statuses = life.statuses(in: walk.window)
            let isInMotion =
                switch walk.query.sort {
                case .status: statuses.count > 1
                case .expires: life.mayBeExtended(in: walk.window)
                default: false
                }
            guard !isInMotion else { continue }
            if count > 1 { found.append(finding(walk, "\(id) is there \(count) times")) }
            let isWanted =
                (walk.query.status.map { statuses == [$0] } ?? true)
                && (walk.query.fromMs.map { life.createdMs >= $0 } ?? true)
            if count == 0, isWanted, life.createdMs < walk.window.beginMs {
                found.append(finding(walk, "\(id), made at \(life.createdMs), is missing"))
            }
        }
        return found
    }

    // MARK: In which order

    private func order(_ walk: Walk) -> [Finding] {
        let rows = walk.pages.flatMap(\.rows).filter { row in
            guard let life = lives[row.id] else { return false }
            return switch walk.query.sort {
            case .status: life.statuses(in: walk.window).count == 1
            case .expires: !life.mayBeExtended(in: walk.window)
            default: true
            }
        }
        for (one, other) in zip(rows, rows.dropFirst()) {
            let isInOrder = walk.query.isDescending ? comes(other, before: one, walk) : comes(one, before: other, walk)
            if !isInOrder { return [finding(walk, "\(one) stands before \(other)")] }
        }
        return []
    }

    /// By the key, then by id.
    private func comes(_ one: Walk.Row, before other: Walk.Row, _ walk: Walk) -> Bool {
        let (first, second) = (one.found, other.found)
        let byKey: (less: Bool, equal: Bool) =
            switch walk.query.sort {
            case nil, .created: (first.createdMs < second.createdMs, first.createdMs == second.createdMs)
            case .id, .tenant: (false, true)
            case .expires: (first.expiresMs < second.expiresMs, first.expiresMs == second.expiresMs)
            case .reserved: (first.amount < second.amount, first.amount == second.amount)
            case .scopePath: (Self.less(first.path, second.path), first.path == second.path)
            case .status: (Self.less(first.status, second.status), first.status == second.status)
            }
        return byKey.equal ? Self.less(one.id, other.id) : byKey.less
    }

    private static func less(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }
}
