// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// A transaction as a client asks for it.
struct ReservationTransaction: Sendable {
    /// What it does.
    enum Work: Sendable {
        case acquire([AcquireItem], isQuestion: Bool)
        case release([ReleaseItem])
    }

    private enum RequestType: String, CaseIterable {
        case reserve = "RESERVE"
        case unreserve = "UNRESERVE"
    }

    let method: TransactionMethod
    let work: Work

    /// Whether it gives resources back.
    var releases: Bool {
        if case .release = work { return true }
        return false
    }

    /// Reads one of a body.
    static func read(_ fields: inout JSONFields) throws(FieldError) -> ReservationTransaction {
        let method = try fields.requiredEnum("method", TransactionMethod.self)
        let type = try fields.optionalEnum("requestType", RequestType.self) ?? .reserve
        let isQuestion = try fields.optionalBool("dryRun") == true
        let requests = try fields.required("requests")
        switch type {
        case .reserve:
            let items = try ReservationItems.read(all: requests, max: Limits.transactionItemsMax) {
                fields throws(FieldError) in
                let item = try ReservationItems.reserve(&fields)
                guard !item.isQuestion else {
                    throw fields.fieldError("dryRun", "belongs to the transaction, not to an item of it")
                }
                return item
            }
            return ReservationTransaction(method: method, work: .acquire(items, isQuestion: isQuestion))
        case .unreserve:
            guard !isQuestion else { throw fields.fieldError("dryRun", "is for RESERVE alone") }
            let items = try ReservationItems.read(
                all: requests, max: Limits.transactionItemsMax, ReservationItems.unreserve)
            return ReservationTransaction(method: method, work: .release(items))
        }
    }
}

/// What came of a transaction.
enum TransactionResult: Sendable {
    case acquired([AcquireOutcome])
    case released([ReleaseOutcome])
    /// Nothing was tried, and why; other transactions of the request came before.
    case refused(String)

    /// Whether an item to be released had no or a wrong token (decision Q4).
    var hasBadToken: Bool {
        guard case .released(let outcomes) = self else { return false }
        return outcomes.contains(.badToken)
    }
}
