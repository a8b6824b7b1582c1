// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets

/// What a violation is about.
package enum VerifiedSubject: Hashable, Sendable {
    /// The tenant itself and its entries in the indexes of its shard.
    case tenant
    /// One ledger, by its entry in the tenant's directory: path, NUL, unit letter.
    case ledger([UInt8])
    /// One budget reservation, by the 22 characters at the end of its id.
    case reservation([UInt8])
    /// One hold, by its entry in the tenant's list of active holds: kind letter and name.
    case lock([UInt8])
    /// One registered resource, by its name.
    case resource([UInt8])
    /// One event, by its owner and the digits of its sequence number.
    case event(owner: [UInt8], sequence: [UInt8])
    /// One webhook subscription, by its id.
    case subscription([UInt8])
    /// What an owner's subscriptions ask the hot path to look out for, all together.
    case asks
    /// One lane of deliveries, by its entry in the shard's list.
    case lane([UInt8])
    /// One webhook delivery, by its id.
    case delivery([UInt8])
    /// An entry of a lane, by the lane's name and the delivery that it names.
    case queued(lane: [UInt8], delivery: [UInt8])
    /// An entry of another index.
    case entry(key: [UInt8], member: [UInt8])
    /// A key.
    case key([UInt8])

    /// The subject in words. Bytes that a terminal could take amiss are escaped.
    package var text: String {
        switch self {
        case .tenant: "tenant"
        case .ledger(let entry):
            LedgerEntry(entry).map { "ledger \(printable($0.path)) \($0.unit.rawValue)" }
                ?? "ledger \(printable(entry))"
        case .reservation(let hash): "reservation \(printable(hash))"
        case .resource(let name): "resource \(printable(name))"
        case .event(_, let sequence): "event \(printable(sequence))"
        case .subscription(let id): "subscription \(printable(id))"
        case .asks: "what subscriptions ask for"
        case .lane(let member): "lane \(printable(member))"
        case .delivery(let id): "delivery \(printable(id))"
        case .queued(let lane, let id): "entry \(printable(id)) of lane \(printable(lane))"
        case .entry(let key, let member): "entry \(printable(member)) of \(printable(key))"
        case .key(let key): "key \(printable(key))"
        case .lock(let entry): "lock \(printable(entry.first == LockCheck.kind ? entry.dropFirst() : entry[...]))"
        }
    }
}

/// One thing that should be impossible and is so, in every pass.
package struct Violation: Hashable, Sendable {
    /// What is broken.
    package let invariant: Invariant
    /// The tenant's id, as stored.
    package let tenant: [UInt8]
    /// Where.
    package let subject: VerifiedSubject
    /// What should be there.
    package let expected: String
    /// What is there.
    package let actual: String
    /// What else helps to find it: keys and ids.
    package let detail: String
}

/// Bytes as text for people: control characters, quotes for terminals and bad UTF-8 as `\xNN`.
func printable(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isHazard) {
        return text
    }
    var out = ""
    for byte in bytes {
        if (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") {
            out.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            out += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return out
}

/// Characters that move a cursor or reorder what a person sees.
private func isHazard(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
}
