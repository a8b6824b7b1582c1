// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Reads and judges what is the operator's own: webhook subscriptions under `__system__`, in the shard of that name.
struct OperatorVerifier: SecondLook {
    let keyspace: Keyspace
    let reader: BatchReader

    var name: [UInt8] { TenantID.system.bytes }

    private var subscriptions: SubscriptionVerifier {
        SubscriptionVerifier(place: TenantPlace(tenant: .system, keyspace: keyspace), reader: reader)
    }

    /// Walks them, counts them, and returns the subjects that deserve a second look.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        try await subscriptions.scan(into: &counts)
    }

    func findings(
        of subjects: Set<VerifiedSubject>
    ) async throws(VerificationError) -> (findings: [Finding], undecided: [VerifiedSubject]) {
        let ids = subjects.compactMap { if case .subscription(let id) = $0 { id } else { nil } }
        var findings = try await subscriptions.findings(of: ids)
        if subjects.contains(.asks) { findings += try await subscriptions.findingsOfAsks() }
        return (findings, [])
    }
}
