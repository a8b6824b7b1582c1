// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaBundling
import Testing

@Suite("The header of a script")
struct HeaderTests {
    @Test("gives summary, retry class, flags, names, and replies")
    func complete() throws {
        let script = try LuaFolder.bundle([
            "budget/reserve.lua": """
            -- A licence may stand above the header.
            --[[
            budget/reserve: takes amounts from
            every scope: all or nothing.

            Prose about why, free of form.

            retry: keyed       by the idempotency key
            flags: allow-oom no-cluster
            KEYS
              1 sentinel   the shard's sentinel, which
                           2 lines describe
              2 ledger     hash
            ARGV
              1 now_ms     milliseconds
              2.. scopes   text
            REPLIES
              STALE value            the tenant's record
              RESERVED record now_ms
              REFUSED code details..   as many as there are
            EVENTS
              reservation.denied
            COMPLEXITY
              O(scopes)
            ]]
            if ARGV[7] then return {'STALE', KEYS[2]} end
            return refuse("RESERVED", 'REFUSED')
            """
        ])
        #expect(script.name == "budget/reserve")
        #expect(script.summary == "takes amounts from every scope: all or nothing.")
        #expect(script.retry == .keyed)
        #expect(script.flags == ["allow-oom", "no-cluster"])
        #expect(script.keyNames == ["sentinel", "ledger"])
        #expect(!script.hasVariadicKeys)
        #expect(script.argumentNames == ["now_ms", "scopes"])
        #expect(script.isVariadic)
        #expect(script.replies.map(\.word) == ["STALE", "RESERVED", "REFUSED"])
        #expect(script.replies.map(\.fields) == [["value"], ["record", "now_ms"], ["code", "details"]])
        #expect(script.replies.map(\.isVariadic) == [false, false, true])
        #expect(script.lines.first == "#!lua flags=allow-oom,no-cluster")
    }

    @Test("may say that there are no keys or arguments")
    func none() throws {
        let header = """
            --[==[
            budget/reserve: does nothing.
            retry: safe
            KEYS
              none
            ARGV
              none
            REPLIES
              DONE
            ]==]

            """
        let script = try LuaFolder.bundle(["budget/reserve.lua": header + "return {'DONE'}"])
        #expect(script.keyNames.isEmpty)
        #expect(script.argumentNames.isEmpty)
        #expect(script.retry == .safe)
    }

    @Test("is mandatory")
    func missing() throws {
        let expected = ["lua/budget/reserve.lua:1: error: the script does not start with a --[[ header ]]"]
        #expect(try LuaFolder.complaints(header: "") == expected)
        #expect(try LuaFolder.complaints(header: "-- budget/reserve: in the wrong kind of comment\n") == expected)
        #expect(try LuaFolder.complaints(header: "local x = 1\n" + LuaFolder.header) == expected)
    }

    @Test(
        "names its mistakes by line",
        arguments: [
            ("budget/reserve: takes", "budget/free: takes", 2, "the header does not start with \"budget/reserve: \""),
            ("budget/reserve: takes some.", "takes some.", 2, "the header does not start with \"budget/reserve: \""),
            ("retry: keyed", "", 1, "the header has no retry: keyed, safe, or never"),
            ("retry: keyed", "retry: sometimes", 4, "retry: must be keyed, safe, or never"),
            ("retry: keyed", "retry: keyed safe", 4, "retry: must be keyed, safe, or never"),
            ("retry: keyed", "retry: keyed\nretry: safe", 5, "retry: is given twice"),
            ("retry: keyed", "retry: keyed\nflag: allow-oom", 5, "unknown header field flag:"),
            ("retry: keyed", "retry: keyed\nflags: allow-ooms", 5, "unknown flag allow-ooms"),
            ("retry: keyed", "retry: keyed\nflags: no-writes no-writes", 5, "flags: must name each flag once"),
            ("KEYS\n  1 sentinel   the shard\n", "", 1, "the header has no KEYS section"),
            ("ARGV\n  1 tag        any text\n", "", 1, "the header has no ARGV section"),
            ("REPLIES\n  DONE\n", "", 1, "the header has no REPLIES section"),
            ("  DONE\n", "", 1, "the REPLIES section declares no reply"),
            ("EVENTS\n", "EVENT\n", 11, "unknown header section EVENT"),
            ("EVENTS\n", "KEYS\n", 11, "the header has two KEYS sections"),
            ("  none\n", "none\n", 12, "text in the EVENTS section must be indented"),
            ("  1 sentinel", "  2 sentinel", 6, "expected entry 1 of KEYS, found \"2\""),
            ("  1 sentinel", "  1 sentinel\n  3 ledger", 7, "expected entry 2 of KEYS, found \"3\""),
            ("  1 sentinel", "  1 sentinel\n  2 sentinel", 7, "sentinel is named twice in KEYS"),
            ("  1 sentinel", "  1 Sentinel", 6, "entry 1 of KEYS has no snake_case name"),
            ("  1 tag", "  1.. tags\n  2 more", 9, "nothing can follow the repeated entry of ARGV"),
            ("  1 tag", "  none\n  1 tag", 9, "the ARGV section says none and then names one"),
            ("  DONE", "  done", 10, "a reply starts with an upper-case word, not \"done\""),
            ("  DONE", "  DONE\n  DONE again", 11, "reply DONE is declared twice"),
            ("  DONE", "  DONE all of it.", 10, "\"it.\" is no field name"),
        ])
    func mistakes(original: String, mistake: String, line: Int, message: String) throws {
        try #require(LuaFolder.header.contains(original))
        let header = LuaFolder.header.replacing(original, with: mistake, maxReplacements: 1)
        let complaints = try LuaFolder.complaints(header: header)
        try #require(complaints.count == 1, "\(complaints)")
        #expect(complaints[0].hasPrefix("lua/budget/reserve.lua:\(line): error: \(message)"), "\(complaints)")
    }

    @Test("has all its mistakes reported at once, in the order of lines")
    func severalMistakes() throws {
        let header = "--[[\nbudget/reserve: x\nKEYS\n  2 a\nREPLIES\n  done\n]]\n"
        #expect(
            try LuaFolder.complaints(header: header) == [
                "lua/budget/reserve.lua:1: error: the header has no ARGV section",
                "lua/budget/reserve.lua:1: error: the header has no retry: keyed, safe, or never",
                "lua/budget/reserve.lua:4: error: expected entry 1 of KEYS, found \"2\"",
                "lua/budget/reserve.lua:6: error: a reply starts with an upper-case word, not \"done\"",
            ])
    }
}
