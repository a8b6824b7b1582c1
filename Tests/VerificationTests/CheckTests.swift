// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@testable import Verification

@Suite("Parts of the check")
struct CheckTests {
    @Test(
        "flags are letters of C F O, once each, then a policy or 0",
        arguments: [
            ("0", true), ("C0", true), ("FOr", true), ("OFCi", true), ("r", true), ("o", true), ("", false),
            ("00", false),
            ("CC0", false), ("rC", false), ("ri", false), ("X0", false), ("C", false),
        ])
    func flags(text: String, isLegal: Bool) {
        #expect(LedgerCheck.isLegal(Array(text.utf8)) == isLegal)
    }

    @Test("scores are whole numbers or without end")
    func scores() {
        #expect(parseScore(Array("1763692800123".utf8)) == .some(1_763_692_800_123))
        #expect(parseScore(Array("1763692800123456".utf8)) == .some(1_763_692_800_123_456))
        #expect(parseScore(Array("inf".utf8)) == .some(nil))
        #expect(parseScore(Array("1.5".utf8)) == nil)
        #expect(parseScore(Array("x".utf8)) == nil)
    }

    @Test("stored bytes come out as one harmless line")
    func printableText() {
        #expect(printable(Array("tenant:acme/agent:bot".utf8)) == "tenant:acme/agent:bot")
        #expect(printable(Array("für".utf8)) == "für")
        #expect(printable(Array("a\u{1B}[2Jb".utf8)) == "a\\x1b[2Jb")
        #expect(printable(Array("a\u{202E}b".utf8)) == "a\\xe2\\x80\\xaeb")
        #expect(printable([97, 0xFF, 10]) == "a\\xff\\x0a")
    }

    @Test("a hold record has five numbers of fixed width and three texts")
    func holdRecords() throws {
        let head = "1763692800123" + "1763692800123456" + "9b2f6f0e-3c3a-4b52-8c43-2b0c0a2f7d11"
        let record = try #require(HoldRecord(Array((head + "me\nprinter kind\nmain").utf8)))
        #expect(record.expiresMs == 1_763_692_800_123)
        #expect(record.fence == 1_763_692_800_123_456)
        #expect(record.requester == Array("me".utf8))
        let endless = "9999999999999" + head.dropFirst(13) + "me\na\nb"
        #expect(try #require(HoldRecord(Array(endless.utf8))).expiresMs == nil)
        for bad in ["", head, head + "me\nkind", head + "a\nb\nc\nd", "x" + head.dropFirst() + "a\nb\nc"] {
            #expect(HoldRecord(Array(bad.utf8)) == nil, "\(bad)")
        }
    }

    @Test("a finding is the same in another pass if its difference is, whatever the sums are by then")
    func sameness() {
        func wrongSum(_ stored: Int, _ sum: Int) -> Finding {
            Finding(
                .reservedSum, [1], .ledger([2]), expected: "r = \(sum)", actual: "r = \(stored)", detail: "",
                constant: "\(stored - sum)")
        }
        #expect(wrongSum(75, 70).isSame(as: wrongSum(85, 80)))
        #expect(!wrongSum(75, 70).isSame(as: wrongSum(85, 81)))
        let gone = Finding(.indexed, [1], .lock([2]), expected: "a record", actual: "none", detail: "")
        let corrupt = Finding(.indexed, [1], .lock([2]), expected: "a record", actual: "x", detail: "")
        #expect(gone.isSame(as: gone))
        #expect(!gone.isSame(as: corrupt))
    }

    @Test("the report as JSON has counts, violations and what stayed open")
    func json() {
        var report = VerificationReport()
        #expect(report.isClean)
        report.counts.ledgers = 3
        report.violations = [
            Violation(
                invariant: .reservedSum, tenant: Array("acme".utf8), subject: .lock(Array("ka\u{7}".utf8)),
                expected: "r = 1", actual: "r = \"2\"", detail: "key x")
        ]
        report.undecided = [.init(tenant: Array("beta".utf8), subject: .tenant)]
        #expect(!report.isClean)
        let text = String(decoding: report.json, as: UTF8.self)
        let violation =
            #"{"invariant":"I2","tenant":"acme","subject":"lock a\\x07","expected":"r = 1","#
            + #""actual":"r = \"2\"","detail":"key x"}"#
        #expect(
            text
                == #"{"checked":{"shards":0,"tenants":0,"ledgers":3,"reservations":0,"locks":0,"#
                + #""resources":0,"events":0,"subscriptions":0,"deliveries":0},"violations":["#
                + violation + #"],"undecided":[{"tenant":"beta","subject":"tenant"}],"stopped_early":false}"#)
    }
}
