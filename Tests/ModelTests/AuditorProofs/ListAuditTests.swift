// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Lists that the auditor must accept, and such that it must not.
@Suite("The auditor of lists")
struct ListAuditTests {
    /// Five reservations, one in each state but two that live.
    private static func story() -> Story {
        var story = Story()
        story.reserve(300, key: "a")
        story.reserve(100, .bob, key: "b")
        story.reserve(200, .prod, key: "c", ttlMs: 1_000)
        story.reserve(200, key: "d")
        story.ask(.extend(reservation: "id-d", byMs: 500, key: "x"))
        story.reserve(50, .test, key: "e")
        story.ask(.commit(reservation: "id-a", actual: 120, key: "k"))
        story.ask(.release(reservation: "id-b", reason: "no", key: "r"))
        story.nowUs += 2_000_000
        return story
    }

    /// A story with a list of all, two a page, sorted as asked for.
    private static func walked(_ query: Walk.Query, _ before: Story = story()) -> Story {
        var story = before
        story.walk(query)
        return story
    }

    private static let orders: [Walk.Query] = [nil, .id, .created, .expires, .reserved, .scopePath, .status, .tenant]
        .flatMap { sort in [true, false].map { Walk.Query(sort: sort, isDescending: $0, limit: 2) } }

    @Test("a sound list is accepted in every order", arguments: orders)
    func sound(query: Walk.Query) {
        let story = Self.walked(query)
        #expect(story.broken() == [])
        #expect(story.history.walks[0].pages.map(\.rows.count) == [2, 2, 1])
    }

    @Test("a list without one of them, with one twice, or with one that never was, is found", arguments: orders)
    func wrongRows(query: Walk.Query) {
        let story = Self.walked(query)
        for page in 0..<3 {
            var missing = story
            missing.history.walks[0].pages[page].rows.removeLast()
            #expect(missing.broken() == [.listing])
            var twice = story
            let row = twice.history.walks[0].pages[page].rows[0]
            twice.history.walks[0].pages[page].rows.insert(row, at: 0)
            twice.history.walks[0].query.limit = 3
            #expect(twice.broken() == [.listing])
            var unknown = story
            unknown.history.walks[0].pages[page].rows[0].id = "id-z"
            #expect(unknown.broken() == [.listing])
        }
    }

    @Test("rows out of order are found", arguments: orders)
    func wrongOrder(query: Walk.Query) {
        var story = Self.walked(query)
        let (first, last) = (story.history.walks[0].pages[0].rows[0], story.history.walks[0].pages[2].rows[0])
        story.history.walks[0].pages[0].rows[0] = last
        story.history.walks[0].pages[2].rows[0] = first
        #expect(story.broken() == [.listing])
    }

    @Test("a row that shows what was not so at the time is found")
    func wrongContent() {
        let changes: [(inout BudgetOutcome.FoundReservation) -> Void] = [
            { $0.status = $0.status == "ACTIVE" ? "EXPIRED" : "ACTIVE" }, { $0.amount += 1 }, { $0.createdMs -= 1 },
            { $0.expiresMs += 1 }, { $0.path = "tenant:acme/workspace:none" }, { $0.committed = 119 },
            { $0.finalizedMs = 5 },
        ]
        for change in changes {
            for row in 0..<5 {
                var story = Self.walked(.init(sort: .id, limit: 50))
                change(&story.history.walks[0].pages[0].rows[row].found)
                #expect(story.broken() == [.listing])
            }
        }
    }

    @Test("filters show what they ask for, all of it, and nothing else")
    func filters() {
        for (status, count) in [("ACTIVE", 2), ("COMMITTED", 1), ("RELEASED", 1), ("EXPIRED", 1)] {
            var story = Self.walked(.init(limit: 50, status: status))
            #expect(story.history.walks[0].pages[0].rows.count == count)
            #expect(story.broken() == [])
            story.history.walks[0].pages[0].rows = []
            #expect(story.broken() == [.listing])
            var all = Self.walked(.init(limit: 50))
            all.history.walks[0].query.status = status
            #expect(all.broken() == [.listing])
        }
        let before = Self.story()
        let fromMs = Story().nowMs + 2
        var late = Self.walked(.init(limit: 50, fromMs: fromMs), before)
        #expect(late.history.walks[0].pages[0].rows.count == 3)
        #expect(late.broken() == [])
        late.history.walks[0].query.fromMs = fromMs - 1
        #expect(late.broken() == [.listing])
        late.history.walks[0].query.fromMs = fromMs + 1
        #expect(late.broken() == [.listing])
    }

    @Test("what is made, ends or is extended while a list is read may be in it or not, as it was before or is after")
    func inMotion() {
        // Read by status while one is released between two pages: it may be in both, or in neither.
        for copies in [0, 1, 2] {
            var story = Story()
            story.reserve(100, key: "a")
            story.walk(.init(sort: .status, isDescending: false, limit: 1))
            story.ask(.release(reservation: "id-a", reason: "no", key: "r"))
            var after = story
            after.walk(.init(sort: .status, isDescending: false, limit: 1))
            let pages = story.history.walks[0].pages + after.history.walks[1].pages
            story.history.walks[0].pages = Array(pages.prefix(copies))
            if copies < 2 { story.history.walks[0].pages.append(.init(window: pages[1].window, rows: [])) }
            if copies == 0 { story.history.walks[0].pages.insert(.init(window: pages[0].window, rows: []), at: 0) }
            #expect(story.broken() == [])
            // By time of creation it stays where it is.
            story.history.walks[0].query.sort = .created
            #expect(story.broken() == (copies == 1 ? [] : [.listing]))
        }
    }

    @Test("a list that could not be read to its end is found")
    func trouble() {
        var story = Self.walked(.init(limit: 50))
        story.history.walks[0].trouble = "500"
        #expect(story.broken() == [.listing])
    }
}
