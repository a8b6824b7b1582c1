// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// Big-endian bytes of a number.
func bigEndian(_ value: Int64, _ width: Int) -> ByteText {
    ByteText((0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * Int64(width - 1 - $0))) })
}

/// A number in decimal digits, filled up with zeros on the left.
func padded(_ value: Int64, _ width: Int) -> ByteText {
    let digits = ByteText(value)
    return ByteText("0").repeated(width - digits.count) + digits
}

/// 22 characters that begin with `name`, as hashes and fingerprints have.
func mark(_ name: ByteText) -> ByteText { name + ByteText("_").repeated(22 - name.count) }

/// A stored budget reservation as lua/budget/include/record.lua describes it, put together a second time.
struct ReservationText {
    /// What ends a reservation.
    struct Closing {
        var atMs: Int64
        /// Hash of the idempotency key and fingerprint of the request; 44 zeros for an expiry.
        var key = ByteText("0").repeated(44)
        var charged: Int64 = 0
        var snapshot: ByteText = ""
        var note: ByteText = ""
    }

    var state: ByteText = "A"
    var createdMs: Int64
    var expiresMs: Int64
    var graceMs: Int64
    var used: Int64 = 0
    var row: Int64 = 0
    var fingerprint: ByteText
    var amount: Int64
    var unit: ByteText
    var policy: ByteText
    var decision: ByteText = "A"
    var ttlMs: Int64
    var extensions: Int64
    var tenant: ByteText
    var path: ByteText
    var opening: ByteText
    var details: ByteText
    var closing: Closing?

    /// The bytes of the record.
    var text: ByteText {
        let clock = ByteText(self.createdMs) + ByteText(self.expiresMs) + padded(self.graceMs, 5)
        let head = self.state + clock + padded(self.used, 3) + padded(self.row, 10) + self.fingerprint
        let terms = self.unit + self.policy + self.decision + padded(self.ttlMs, 8) + padded(self.extensions, 3)
        let body = [ByteText(self.amount), terms, self.tenant, self.path, self.opening, self.details].joined("\0")
        guard let closing else { return head + body }
        let tail = ["", ByteText(closing.charged), closing.snapshot, closing.note].joined("\0")
        return head + ByteText(closing.atMs) + closing.key + body + tail
    }

    /// Its row in the directory, 64 bytes; `tail` are the 16 bytes of the id.
    func rowText(number: Int64 = 0, tail: ByteText) -> ByteText {
        let isEnded = self.state == "C" || self.state == "R"
        let times = [
            bigEndian(isEnded ? self.closing?.atMs ?? 0 : 0, 6), bigEndian(self.expiresMs, 6),
            bigEndian(self.graceMs, 2), bigEndian(self.closing?.charged ?? 0, 8), bigEndian(self.createdMs, 6),
        ]
        let subject = [bigEndian(self.amount, 8), tail, bigEndian(number, 4), self.unit, bigEndian(0, 6)]
        return self.state + times.joined("") + subject.joined("")
    }

    /// The same record, ended.
    func ended(_ state: ByteText, _ closing: Closing) -> ReservationText {
        var copy = self
        copy.state = state
        copy.closing = closing
        return copy
    }

    /// The last millisecond at which a commit is accepted.
    var deadlineMs: Int64 { self.expiresMs + self.graceMs }
}
