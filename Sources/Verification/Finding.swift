// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Something that looks wrong in one pass.
struct Finding: Sendable {
    let violation: Violation
    /// What must stay the same from pass to pass; the whole violation unless given. A wrong sum in a busy ledger shows
    /// other numbers each time, and the same difference.
    let constant: String?

    init(
        _ invariant: Invariant, _ tenant: [UInt8], _ subject: VerifiedSubject, expected: String, actual: String,
        detail: String, constant: String? = nil
    ) {
        violation = Violation(
            invariant: invariant, tenant: tenant, subject: subject, expected: expected, actual: actual, detail: detail)
        self.constant = constant
    }

    /// Whether this is what an earlier pass has found.
    func isSame(as earlier: Finding) -> Bool {
        guard let constant else { return violation == earlier.violation }
        return violation.invariant == earlier.violation.invariant && violation.subject == earlier.violation.subject
            && violation.tenant == earlier.violation.tenant && constant == earlier.constant
    }
}
