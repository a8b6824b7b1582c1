// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Whoever can look again at what a scan found to look wrong.
protocol SecondLook {
    /// Whose subjects these are, in a report.
    var name: [UInt8] { get }

    /// What is wrong with some subjects, and which of them could not be seen at rest.
    func findings(
        of subjects: Set<VerifiedSubject>
    ) async throws(VerificationError) -> (findings: [Finding], undecided: [VerifiedSubject])
}
