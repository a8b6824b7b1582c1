// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Synchronization

/// What all clients of a run share: the history as it is written, and what is worth interfering with.
final class LockJournal: Sendable {
    /// What a client may look at when it makes up its mind.
    struct Memory: Sendable {
        /// Requester, name and token of holds that were granted lately, whatever became of them.
        var tokens: [LockHistory.Item] = []
        /// Requesters whose client has died, and not long ago.
        var graves: [String] = []
    }

    /// What was done to clients and servers.
    struct Toll: Sendable {
        var deaths = 0
        var naps = 0
        var cuts = 0
        var kills = 0
        var pauses = 0
    }

    private struct State {
        var history = LockHistory()
        var memory = Memory()
        var requesters: Set<String> = []
        var toll = Toll()
        var done = 0
    }

    private static let tokensMax = 24
    private static let gravesMax = 8

    private let state = Mutex(State())

    var history: LockHistory { state.withLock { $0.history } }
    var memory: Memory { state.withLock { $0.memory } }
    var toll: Toll { state.withLock { $0.toll } }
    /// Everyone who ever asked for something, in order.
    var requesters: [String] { state.withLock { $0.requesters.sorted() } }

    /// Counts a step of a client; its number, from 1, or nil when there were as many as there are to be.
    func count(upTo steps: Int) -> Int? {
        state.withLock {
            guard $0.done < steps else { return nil }
            $0.done += 1
            return $0.done
        }
    }

    func add(_ call: LockHistory.Call) {
        state.withLock { state in
            state.history.calls.append(call)
            for (item, answer) in zip(call.request.items, call.answers) {
                if !item.requester.isEmpty { state.requesters.insert(item.requester) }
                guard case .acquired(let grant) = answer else { continue }
                if state.memory.tokens.count == Self.tokensMax { state.memory.tokens.removeFirst() }
                state.memory.tokens.append(
                    .init(requester: item.requester, resource: item.resource, token: grant.token))
            }
        }
    }

    func add(cut: Stretch) {
        state.withLock { state in
            state.history.cuts.append(cut)
            state.toll.cuts += 1
        }
    }

    func addDeath(of requester: String) {
        state.withLock { state in
            state.toll.deaths += 1
            if state.memory.graves.count == Self.gravesMax { state.memory.graves.removeFirst() }
            state.memory.graves.append(requester)
        }
    }

    func addNap() { state.withLock { $0.toll.naps += 1 } }
    func addKill() { state.withLock { $0.toll.kills += 1 } }
    func addPause() { state.withLock { $0.toll.pauses += 1 } }
}
