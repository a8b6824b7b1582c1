// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// What the subscriptions of a tenant ask of the scripts that make events, all together: thresholds of budgets beyond
/// the usual ones, and counts of what is spent.
package struct TenantHooks: Hashable, Sendable {
    /// Shares of a budget in rising order, as texts; empty for the usual ones alone, which are always among them.
    package private(set) var thresholds: [[UInt8]] = []
    private static let usual = [0.8, 0.95, 1]
    /// Whether what is spent is counted, for burn rates.
    package private(set) var countsSpending = false

    /// Nothing but what everybody gets.
    package init() {}

    /// Reads the stored form: empty, or a JSON object; nil when it is neither.
    package init?(stored: [UInt8]) {
        guard !stored.isEmpty else { return }
        guard let document = try? JSONDocument.parse(stored), document.root.kind == .object else { return nil }
        if let list = document.root.member("thresholds") {
            guard list.kind == .array else { return nil }
            var shares = Self.usual
            for element in list.elements {
                guard let share = element.double(), share.isFinite else { return nil }
                if !shares.contains(share) { shares.append(share) }
            }
            if shares.count > Self.usual.count { thresholds = shares.sorted().map { [UInt8]("\($0)".utf8) } }
        }
        if let burn = document.root.member("burn") { countsSpending = burn.kind == .array && burn.count > 0 }
    }

    /// The first line of what scripts are told about events (lua/budget/include/tell.lua).
    package var line: [UInt8] {
        Array(thresholds.joined(separator: [32])) + (countsSpending ? [UInt8(ascii: "b")] : []) + [10]
    }
}
