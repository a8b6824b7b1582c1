// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Events
package import SharedKernel
internal import StrictJSON

extension StoredSubscription {
    /// Whether a subscription of `owner` is sent an event that happens: selected, since it is active, and of a
    /// threshold or a rate of spending that it asks for. It is asked when a worker comes to the event, perhaps long
    /// after it happened.
    package func wants(_ event: StoredEvent, owner: TenantID) -> Bool {
        event.atMs >= max(createdMs, activeSinceMs) && selects(event, owner: owner)
    }

    /// The same of an event of any time, for replays.
    package func selects(_ event: StoredEvent, owner: TenantID) -> Bool {
        guard terms.selectors.match(event.type, scope: event.scope, of: event.tenant, owner: owner) else {
            return false
        }
        let asked = terms.thresholds ?? AlertThresholds()
        if event.type.text.elementsEqual("budget.threshold_crossed".utf8) {
            return number("threshold", of: event).map { asked.budgetUtilization.contains($0) } ?? true
        }
        guard event.type.text.elementsEqual("budget.burn_rate_anomaly".utf8) else { return true }
        guard let multiplier = event.askedMultiplier, let window = number("window_seconds", of: event) else {
            return true
        }
        return multiplier == asked.burnRateMultiplier && window == Double(asked.judgedWindowSeconds)
    }

    private func number(_ name: StaticString, of event: StoredEvent) -> Double? {
        (try? JSONDocument.parse(event.data))?.root.member(name)?.double()
    }
}
