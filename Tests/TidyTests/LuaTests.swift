// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@Suite("Lua scripts")
struct LuaTests {
    @Test("there are scripts to check")
    func thereAreScripts() {
        #expect(LuaTree.scripts.count >= 20)
        #expect(LuaTree.scripts.contains { $0.name == "budget/reserve" })
        #expect(LuaTree.includes.contains { $0.name == "budget/ledger" })
    }

    @Test("every script is named by a test of its own folder of tests")
    func everyScriptHasATest() {
        let tests = Repository.swiftFiles(in: "Tests/LuaScriptTests")
        for script in LuaTree.scripts {
            let isNamed = tests.contains { names($0.text, script) }
            #expect(isNamed, "no file in Tests/LuaScriptTests names \(script.name) or .\(script.memberName)")
        }
    }

    @Test("every script is called")
    func everyScriptHasACaller() {
        let sources = Repository.swiftFiles(in: "Sources")
        for script in LuaTree.scripts {
            let isCalled = sources.contains { file in
                file.text.contains(".\(script.memberName)")
                    && file.code.lines.contains { calls($0, script.memberName) }
            }
            #expect(isCalled, "nothing calls .\(script.memberName)")
        }
    }

    @Test("every include is used, and every directive names one")
    func everyIncludeIsUsed() {
        let used = Set(LuaTree.units.flatMap(\.includes))
        let known = Set(LuaTree.includes.map(\.name))
        #expect(known.subtracting(used).isEmpty, "unused")
        #expect(used.subtracting(known).isEmpty, "missing")
    }

    @Test("every script says how it may be repeated, what it answers and what it costs")
    func everyScriptHasAHeader() {
        for script in LuaTree.scripts {
            let text = script.file.text
            #expect(text.hasPrefix("--[[\n\(script.name): "), "\(script.name)")
            #expect(text.contains(/\nretry: (keyed|safe|never)\n/), "\(script.name)")
            for section in ["KEYS", "ARGV", "REPLIES", "EVENTS", "COMPLEXITY"] {
                #expect(text.contains("\n\(section)\n"), "\(script.name) has no section \(section)")
            }
        }
    }

    @Test("time comes from Redis: nothing reads os.time, and randomness comes as an argument")
    func timeComesFromRedis() {
        for unit in LuaTree.units {
            #expect(!unit.code.contains(/\bos\.|\bmath\.random|\bSRANDMEMBER\b|\bRANDOMKEY\b/), "\(unit.file.path)")
        }
    }

    @Test("no script walks the keyspace or an unbounded key")
    func nothingIsWalked() {
        let banned = /'(?:KEYS|SCAN|SMEMBERS|HGETALL|HKEYS|HVALS|FLUSHDB|FLUSHALL|SORT)'/
        // A tenant has a bounded number of policies (`admin/create_policy`).
        let bounded = /call\('(?:HGETALL|HVALS)', tenant_key \.\. ':pol'\)/
        // It asks how many fields there are before it reads them.
        for unit in LuaTree.units where unit.file.path != "lua/include/few.lua" {
            #expect(!unit.code.replacing(bounded, with: "").contains(banned), "\(unit.file.path)")
        }
    }

    /// Whether a text names a script, and not only one whose name begins alike.
    private func names(_ text: String, _ script: LuaTree.Unit) -> Bool {
        guard !text.contains("\"\(script.name)\"") else { return true }
        return text.contains(".\(script.memberName)")
            && text.split(separator: "\n").contains { calls(String($0), script.memberName) }
    }

    private func calls(_ line: String, _ member: String) -> Bool {
        line.ranges(of: "." + member).contains { range in
            line[range.upperBound...].first.map { !($0.isLetter || $0.isNumber || $0 == "_") } ?? true
        }
    }
}
