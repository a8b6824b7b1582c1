// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/update_budget and admin/freeze_budget", .privateRedis, .serialized)
struct ChangeBudgetTests {
    let scene: Scene

    static let terms: ByteText = "5\06\0{\"ledger_id\":\"l1\"}\0{\"a\":1}"

    init() async throws {
        self.scene = try await Scene()
        try await self.open(Ledger(1000, reserved: 10, spent: 900, debt: 250, limit: 300, flags: "o"))
    }

    private func open(_ ledger: Ledger) async throws {
        try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
        try await self.scene.openTenant()
        try await self.scene.write(ledger, Paths.root)
        try await self.scene.harness.command("SET", self.scene.key("lt:U:" + Paths.root), Self.terms)
    }

    private func update(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/update_budget", arguments)
    }

    private func freeze(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/freeze_budget", arguments)
    }

    private static func renewed(_ metadata: ByteText = "{\"a\":1}") -> ByteText {
        "5\0" + ByteText(Scene.startMs) + "\0{\"ledger_id\":\"l1\"}\0" + metadata
    }

    @Test("A change is written with its time, audited and announced, and nothing else changes")
    func updates() async throws {
        let cases: [(Ledger, ScriptArguments, Ledger, ByteText, ByteText?)] = [
            (
                Ledger(9, debt: 5, limit: 5, flags: "o"), AdminCalls.update(limit: "4"),
                Ledger(9, debt: 5, limit: 4, flags: "Oo"), "{\"a\":1}", "1.25"
            ),
            (
                Ledger(9, debt: 5, limit: 4, flags: "FOo"), AdminCalls.update(limit: "5", policy: "r"),
                Ledger(9, debt: 5, limit: 5, flags: "Fr"), "{\"a\":1}", "1"
            ),
            (
                Ledger(9, limit: 4, flags: "O0"), AdminCalls.update(policy: "i", metadata: "{}"),
                Ledger(9, limit: 4, flags: "Oi"), "{}", nil
            ),
            (
                Ledger(.max, debt: .max, limit: 0, flags: "Oi"), AdminCalls.update(limit: ByteText(Int64.max)),
                Ledger(.max, debt: .max, limit: .max, flags: "i"), "{\"a\":1}", "1"
            ),
            (
                Ledger(.max, debt: .max, limit: .max), AdminCalls.update(limit: "0"),
                Ledger(.max, debt: .max, limit: 0, flags: "O0"), "{\"a\":1}", ""
            ),
        ]
        for (before, arguments, after, metadata, utilization) in cases {
            try await self.open(before)
            let seen = try await self.update(arguments)
            let terms = Self.renewed(metadata)
            #expect(
                seen.answer
                    == .reply("UPDATED", .bytes(after.text), .bytes(terms), .integer(before.isOverLimit ? 1 : 0)))
            var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
            journal.audit("{\"op\":\"update\"}")
            journal.event("budget.updated", "{}", FundingModel.payload(before, after))
            if let utilization {
                journal.event(
                    after.isOverLimit ? "budget.over_limit_entered" : "budget.over_limit_exited", "{}",
                    FundingModel.limitPayload(after, utilization == "" ? nil : utilization))
            }
            seen.expectChanges(
                journal.with([
                    self.scene.ledgerKey(Paths.root): .string(after.text),
                    self.scene.key("lt:U:" + Paths.root): .string(terms),
                ]), "\(before)")
        }
    }

    @Test("What changes nothing leaves no trace")
    func nothing() async throws {
        let ledger = try await self.scene.ledger(Paths.root)
        for arguments in [
            AdminCalls.update(), AdminCalls.update(limit: "300"), AdminCalls.update(policy: "o"),
            AdminCalls.update(limit: "300", policy: "o", metadata: "{\"a\":1}"),
        ] {
            try await self.update(arguments)
                .expectUnchanged(.reply("UPDATED", .bytes(ledger.text), .bytes(Self.terms), 0))
        }
    }

    @Test("Terms of three parts, without metadata, are read as well")
    func shortTerms() async throws {
        let terms: ByteText = "5\06\0{\"ledger_id\":\"l1\"}"
        try await self.scene.harness.command("SET", self.scene.key("lt:U:" + Paths.root), terms)
        let answer = try await self.update(AdminCalls.update(limit: "301")).answer
        #expect(answer.text(1) == Self.renewed(""))
    }

    @Test("51: freezing and unfreezing set one letter, are audited and announced, and twice is refused")
    func freezes() async throws {
        for flags: ByteText in ["0", "o", "Oi"] {
            let active = Ledger(9, reserved: 1, spent: 2, debt: 3, limit: 4, flags: flags)
            let frozen = Ledger(9, reserved: 1, spent: 2, debt: 3, limit: 4, flags: "F" + flags)
            try await self.open(active)
            for (status, before, after, kind) in [
                ("F", active, frozen, "budget.frozen"), ("A", frozen, active, "budget.unfrozen"),
            ] as [(ByteText, Ledger, Ledger, ByteText)] {
                let seen = try await self.freeze(AdminCalls.freeze(status))
                #expect(seen.answer == .reply("CHANGED", .bytes(after.text), .bytes(Self.renewed())))
                var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
                journal.audit("{\"op\":\"freeze\"}")
                journal.event(kind, "{}", FundingModel.payload(before, after))
                seen.expectChanges(
                    journal.with([
                        self.scene.ledgerKey(Paths.root): .string(after.text),
                        self.scene.key("lt:U:" + Paths.root): .string(Self.renewed()),
                    ]), "\(kind)")
                try await self.freeze(AdminCalls.freeze(status)).expectUnchanged(.reply("ALREADY"))
            }
        }
    }

    @Test("56: closed tenants, closed ledgers and missing ones are refused; suspended tenants are not")
    func refused() async throws {
        let calls = [
            ("admin/update_budget", AdminCalls.update(limit: "1")), ("admin/freeze_budget", AdminCalls.freeze("F")),
            ("admin/freeze_budget", AdminCalls.freeze("A")),
        ]
        for (script, arguments) in calls {
            try await self.open(Ledger(9, flags: "C0"))
            try await self.scene.observe(script, arguments).expectUnchanged(.reply("CLOSED", "BUDGET"))
            try await self.scene.openTenant("C2")
            try await self.scene.observe(script, arguments).expectUnchanged(.reply("CLOSED", "TENANT"))
            try await self.scene.harness.command("DEL", self.scene.tenantKey)
            try await self.scene.observe(script, arguments).expectUnchanged(.reply("NO_BUDGET"))
            try await self.scene.openTenant("S2")
            var other = arguments
            other["unit"] = "T"
            try await self.scene.observe(script, other).expectUnchanged(.reply("NO_BUDGET"))
            let flags: ByteText = arguments["status"] == "A" ? "F0" : "0"
            try await self.scene.write(Ledger(9, flags: flags), Paths.root)
            #expect(["UPDATED", "CHANGED"].contains(try await self.scene.run(script, arguments).word))
        }
    }

    @Test("Broken ledgers and terms are errors that leave everything as it was")
    func corrupt() async throws {
        let calls = [
            ("admin/update_budget", AdminCalls.update(limit: "1")), ("admin/freeze_budget", AdminCalls.freeze("F")),
        ]
        for (script, arguments) in calls {
            for text: ByteText in ["", "1 2 3", "a 0 0 0 0 0", "9223372036854775808 0 0 0 0 0", "1 0 0 0 -1 0"] {
                try await self.scene.harness.command("SET", self.scene.ledgerKey(Paths.root), text)
                try await self.scene.observe(script, arguments).expectFailure("CORRUPT ledger", "\(text)")
            }
            try await self.scene.write(Ledger(1), Paths.root)
            for text: ByteText in ["", "5\06", "x\06\0{}\0", "5\06\0{}\0{}\0"] {
                try await self.scene.harness.command("SET", self.scene.key("lt:U:" + Paths.root), text)
                try await self.scene.observe(script, arguments).expectFailure("CORRUPT ledger terms", "\(text)")
            }
            try await self.scene.harness.command("DEL", self.scene.key("lt:U:" + Paths.root))
            try await self.scene.observe(script, arguments).expectFailure("CORRUPT ledger terms")
        }
    }
}
