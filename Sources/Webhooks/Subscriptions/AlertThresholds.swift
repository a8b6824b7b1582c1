// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// From when on a subscription wants to hear of trouble (admin digest 5.1); what was not sent has its default.
package struct AlertThresholds: Hashable, Sendable {
    /// Shares of a budget, each of which is crossed upwards or downwards.
    package var budgetUtilization = [0.8, 0.95, 1]
    package var burnRateMultiplier = 3.0
    package var burnRateWindowSeconds: Int64 = 300
    /// The window as `budget/burn_rates` takes it: whole minutes, at most an hour.
    package var judgedWindowSeconds: Int64 { min(max(burnRateWindowSeconds / 60, 1), 60) * 60 }
    package var denialRate = 0.1
    package var expiryRate = 0.05
    package var authFailureRate = 0.1
    package var rateWindowSeconds: Int64 = 300

    /// Shares that one subscription may name, repetitions included: no more than all of an owner together.
    package static let utilizationsMax = 64
    private static let window_s: ClosedRange<Int64> = 60...86_400

    /// The defaults.
    package init() {}

    /// Reads a closed object.
    package init(_ value: JSONValue) throws(FieldError) {
        var fields = try JSONFields(value)
        if let shares = try fields.optionalArray("budget_utilization", count: 0...Self.utilizationsMax) {
            budgetUtilization = []
            for share in shares {
                let value = share
                let share = try share.checkedDouble(in: 0...1)
                guard Self.isExact(share) else {
                    throw value.fieldError("must be 0, or at least 0.0001 with at most six decimals")
                }
                if !budgetUtilization.contains(share) { budgetUtilization.append(share) }
            }
            budgetUtilization.sort()
        }
        // No rate is a thousand million times another: a bound that only keeps the number short.
        if let factor = try fields.optionalDouble("burn_rate_multiplier", in: 1.5...1e9) { burnRateMultiplier = factor }
        if let window = try fields.optionalInt64("burn_rate_window_seconds", in: Self.window_s) {
            burnRateWindowSeconds = window
        }
        if let rate = try fields.optionalDouble("denial_rate_threshold", in: 0...1) { denialRate = rate }
        if let rate = try fields.optionalDouble("expiry_rate_threshold", in: 0...1) { expiryRate = rate }
        if let rate = try fields.optionalDouble("auth_failure_rate_threshold", in: 0...1) { authFailureRate = rate }
        if let window = try fields.optionalInt64("rate_window_seconds", in: Self.window_s) {
            rateWindowSeconds = window
        }
        try fields.finish()
    }

    /// Scripts compare a share as the text that it has here, which must be digits and a point: of what is smaller it
    /// would have an exponent.
    private static func isExact(_ share: Double) -> Bool {
        share == 0 || (share >= 0.0001 && (share * 1_000_000).rounded() / 1_000_000 == share)
    }

    /// Writes it as an object, defaults included.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("budget_utilization")
        writer.beginArray()
        for share in budgetUtilization { writer.double(share) }
        writer.endArray()
        writer.key("burn_rate_multiplier")
        writer.double(burnRateMultiplier)
        writer.key("burn_rate_window_seconds")
        writer.int(burnRateWindowSeconds)
        writer.key("denial_rate_threshold")
        writer.double(denialRate)
        writer.key("expiry_rate_threshold")
        writer.double(expiryRate)
        writer.key("auth_failure_rate_threshold")
        writer.double(authFailureRate)
        writer.key("rate_window_seconds")
        writer.int(rateWindowSeconds)
        writer.endObject()
    }
}
