// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
internal import Synchronization

/// Whether the process takes traffic, as far as it knows without asking; written by ``StoreWatch`` and at shutdown,
/// read by the health endpoints from any thread.
package final class Readiness: Sendable {
    private let reasons = Mutex<Set<OperationsAPI.Unreadiness>>([])
    private let known = Mutex(OperationsAPI.Persistence.unknown)
    private let isReachable: @Sendable () -> Bool

    /// A readiness that asks `isReachable`, which must not block, each time.
    package init(isReachable: @escaping @Sendable () -> Bool) { self.isReachable = isReachable }

    /// Sets or clears a reason; tells whether that changed anything.
    @discardableResult
    package func set(_ reason: OperationsAPI.Unreadiness, _ holds: Bool) -> Bool {
        reasons.withLock { holds ? $0.insert(reason).inserted : $0.remove(reason) != nil }
    }

    /// What is known of the store's persistence.
    package var persistence: OperationsAPI.Persistence {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }

    /// The reasons against traffic, in a fixed order; none when ready.
    package var unreadiness: [OperationsAPI.Unreadiness] {
        var known = reasons.withLock { $0 }
        if !isReachable() { known.insert(.redisUnreachable) }
        return OperationsAPI.Unreadiness.allCases.filter(known.contains)
    }
}
