// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Judges a history of locks as a whole. Pure: what was recorded goes in, what must not be comes out.
///
/// There is no search: fencing tokens say in what order grants were made, and the clock says what was over before what
/// began. A finding is certain, whatever the calls without an answer have done.
struct LockHistoryCheck: Sendable {
    let park: ResourcePark

    /// Everything that is wrong; empty for a sound system.
    func flaws(_ history: LockHistory) -> [LockFlaw] {
        let lives = LockLives(history, in: park)
        return lives.flaws + GrantCheck(lives).flaws() + ReserveCheck(lives: lives).flaws()
            + ReleaseCheck(lives: lives).flaws() + QuestionCheck(lives: lives).flaws() + leaks(history.end)
    }

    private func leaks(_ end: LockHistory.End) -> [LockFlaw] {
        let nodes = end.nodes.filter { $0.available != $0.capacity }.map {
            LockFlaw(.leak, "\($0.available) of \($0.capacity) units of \($0.name) are free when nobody holds any")
        }
        return nodes + end.keys.map { LockFlaw(.leak, "\($0) is left when nobody holds anything") }
    }
}
