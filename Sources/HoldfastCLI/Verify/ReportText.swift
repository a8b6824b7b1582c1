// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Verification

/// A report as people read it.
enum ReportText {
    static func text(_ report: VerificationReport) -> String {
        let counts = report.counts
        var lines = [
            "Checked \(counts.shards) shards: \(counts.tenants) tenants, \(counts.ledgers) ledgers, "
                + "\(counts.reservations) live reservations, \(counts.locks) locks, "
                + "\(counts.resources) registered resources, \(counts.events) events, "
                + "\(counts.subscriptions) webhook subscriptions, \(counts.deliveries) deliveries."
        ]
        if report.violations.isEmpty {
            lines.append("No violations.")
        } else {
            lines += [
                "\(report.violations.count) violations\(report.stoppedEarly ? ", where the check stopped" : ""):", "",
            ]
            lines += table(report.violations)
        }
        if !report.undecided.isEmpty {
            lines += ["", "Undecided, because they changed during every pass:"]
            lines += report.undecided.map { "  \(VerificationReport.name($0.tenant))  \($0.subject.text)" }
        }
        return lines.joined(separator: "\n")
    }

    /// Columns as wide as their widest cell, each violation's detail on a line of its own, and what the codes mean.
    private static func table(_ violations: [Violation]) -> [String] {
        let head = ["RULE", "TENANT", "SUBJECT", "EXPECTED", "ACTUAL"]
        let rows = violations.map {
            [$0.invariant.rawValue, VerificationReport.name($0.tenant), $0.subject.text, $0.expected, $0.actual]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
            return padded.dropLast().joined(separator: "  ") + "  " + (cells.last ?? "")
        }
        var lines = [line(head)]
        for (violation, row) in zip(violations, rows) { lines += [line(row), "      \(violation.detail)"] }
        let broken = Set(violations.map(\.invariant))
        lines.append("")
        for invariant in Invariant.allCases where broken.contains(invariant) {
            lines.append("\(invariant.rawValue)  \(invariant.sentence)")
        }
        return lines
    }
}
