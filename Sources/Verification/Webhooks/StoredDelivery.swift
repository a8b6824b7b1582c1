// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient

/// A delivery's fields, as far as they say where it has to be.
struct StoredDelivery {
    /// Where a delivery is.
    enum State: UInt8 {
        case pending = 80
        case toRetry = 82
        case delivered = 83
        case failed = 70
    }

    let subscription: [UInt8]
    let owner: [UInt8]
    let tenant: [UInt8]
    let state: State
    let createdMs: Int64
    /// When it is tried again, ms.
    let nextMs: Int64?
    /// When it ended, ms.
    let doneMs: Int64?
    /// Whether an attempt was begun whose end nobody told.
    let isLeased: Bool
    /// Whether it is the record of a test event, which was never to be found anywhere else.
    let isProbe: Bool

    /// The read whose reply ``init(_:)`` takes.
    static func read(_ key: [UInt8]) -> RedisCommand {
        Read.fields(key, ["sub", "owner", "tenant", "state", "created_ms", "next_ms", "done_ms", "lease", "type"])
    }

    /// Reads the fields; nil when they make no sense.
    init?(_ reply: RedisReply) {
        guard let fields = reply.array, fields.count == 9, let subscription = fields[0].bytes,
            let owner = fields[1].bytes, let tenant = fields[2].bytes, let letter = fields[3].bytes, letter.count == 1,
            let state = State(rawValue: letter[0]), let created = fields[4].bytes.flatMap(parseDigits)
        else { return nil }
        self.subscription = subscription
        self.owner = owner
        self.tenant = tenant
        self.state = state
        createdMs = created
        nextMs = fields[5].bytes.flatMap(parseDigits)
        doneMs = fields[6].bytes.flatMap(parseDigits)
        isLeased = !fields[7].isNull
        isProbe = fields[8].text == "system.webhook_test"
    }

    /// Whether nothing is stored of it.
    static func isGone(_ reply: RedisReply) -> Bool { reply.array?.allSatisfy(\.isNull) ?? false }

    /// Whether it is still to be sent.
    var isWaiting: Bool { state == .pending || state == .toRetry }

    /// The name of its subscription's lane, without the letter.
    var lane: [UInt8] { subscription + [58] + tenant }
}
