// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Events
package import SharedKernel
internal import StrictJSON

extension StoredSubscription {
    /// Whether a subscription of `owner` is sent an event that happens: selected, since it is active, and of a
    /// threshold that it asks for. It is asked when a worker comes to the event, perhaps long after it happened.
    package func wants(_ event: StoredEvent, owner: TenantID) -> Bool {
        event.atMs >= max(createdMs, activeSinceMs) && selects(event, owner: owner)
    }

    /// The same of an event of any time, for replays.
    package func selects(_ event: StoredEvent, owner: TenantID) -> Bool {
        guard terms.selectors.match(event.type, scope: event.scope, of: event.tenant, owner: owner) else {
            return false
        }
        guard event.type.text.elementsEqual("budget.threshold_crossed".utf8) else { return true }
        let asked = (terms.thresholds ?? AlertThresholds()).budgetUtilization
        guard let share = (try? JSONDocument.parse(event.data))?.root.member("threshold")?.double() else {
            return true
        }
        return asked.contains(share)
    }
}
