// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import StrictJSON

/// What a subscription asks the scripts of the hot path to look out for, stored apart so that the script which writes
/// the subscription can unite them for the tenant. A subscription that is not active asks for nothing.
package struct SubscriptionAsks: Hashable, Sendable {
    /// Shares of a budget whose crossing is told, ascending.
    package var utilizations: [Double] = []
    /// How much faster than usual, within how many seconds, spending has to be; nil for never mind.
    package var burn: Burn?
    /// Whether the events of the Reservation API are wanted.
    package var wantsResources = false

    /// A rate of spending to look out for.
    package struct Burn: Hashable, Sendable {
        package let multiplier: Double
        package let windowSeconds: Int64
    }

    /// What a subscription with these terms asks for.
    package init(_ terms: SubscriptionTerms, status: SubscriptionStatus) {
        guard status == .active else { return }
        let thresholds = terms.thresholds ?? AlertThresholds()
        func selects(_ type: StaticString) -> Bool {
            EventType(type).map(terms.selectors.selects) ?? false
        }
        if selects("budget.threshold_crossed") { utilizations = thresholds.budgetUtilization }
        if selects("budget.burn_rate_anomaly") {
            burn = Burn(
                multiplier: thresholds.burnRateMultiplier, windowSeconds: thresholds.burnRateWindowSeconds)
        }
        wantsResources = terms.selectors.namesResources
    }

    /// The stored form, of which the script that unites them takes the numbers as they are; empty for none.
    package var json: [UInt8] {
        if utilizations.isEmpty, burn == nil, !wantsResources { return [] }
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        if !utilizations.isEmpty {
            writer.key("thresholds")
            writer.beginArray()
            for share in utilizations { writer.double(share) }
            writer.endArray()
        }
        if let burn {
            writer.key("burn")
            writer.beginArray()
            writer.beginObject()
            writer.key("multiplier")
            writer.double(burn.multiplier)
            writer.key("window_s")
            writer.int(burn.windowSeconds)
            writer.endObject()
            writer.endArray()
        }
        if wantsResources {
            writer.key("resources")
            writer.bool(true)
        }
        writer.endObject()
        return writer.finish()
    }
}
