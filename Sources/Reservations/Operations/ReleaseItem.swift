// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// One resource of one requester, to be given back.
package struct ReleaseItem: Sendable {
    package var requester: Requester
    package var resource: ResourceName
    /// nil when none was sent, or something that is no token: it fits no hold.
    package var token: ReleaseToken?

    /// An item of these parts.
    package init(requester: Requester, resource: ResourceName, token: ReleaseToken?) {
        self.requester = requester
        self.resource = resource
        self.token = token
    }
}

/// What came of one item.
package enum ReleaseOutcome: Hashable, Sendable {
    /// Freed: the name that was held, blockers, ancestors.
    case relinquished([[UInt8]])
    /// Nobody held it, or no longer.
    case notReserved
    /// The token is right, the requester is another (decision X7).
    case notOwner
    case badToken
    /// It could have been released, and was not, because another item of the transaction could not.
    case rolledBack
}

extension ReleaseItem {
    /// The words of one item.
    func append(to call: inout ScriptCall) {
        call.append(requester.bytes)
        call.append(resource.bytes)
        call.append(token?.bytes ?? [])
    }
}

extension ReleaseOutcome {
    /// Reads the two words of one item from field `first` on; no names freed stand for the item's own.
    init(_ reply: ScriptReply, at first: Int, of item: ReleaseItem) throws(ScriptFault) {
        let freed = try reply.bytes(first + 1).split(separator: 9).map { Array($0) }
        switch String(decoding: try reply.bytes(first), as: UTF8.self) {
        case "RELINQUISHED": self = .relinquished(freed.isEmpty ? [item.resource.bytes] : freed)
        case "NOT_RESERVED": self = .notReserved
        case "NOT_OWNER": self = .notOwner
        case "BAD_TOKEN": self = .badToken
        case "KEPT": self = .rolledBack
        default: throw reply.malformed("item word")
        }
    }
}
