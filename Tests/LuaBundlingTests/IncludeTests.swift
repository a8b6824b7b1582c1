// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling
import Testing

@Suite("Includes")
struct IncludeTests {
    private static let done = "return {'DONE'}\n"

    @Test("come once each, after the includes that they need")
    func order() throws {
        let script = try LuaFolder.bundle([
            "include/clock.lua": "local clock = {}\n",
            "include/int64.lua": "local int64 = {}\n",
            "budget/include/ledger.lua": "--include <int64>\n--include <clock>\nlocal ledger = {int64, clock}\n",
            "budget/reserve.lua": LuaFolder.header
                + "--include <budget/ledger>\n--include <clock>\nlocal l, c = ledger, clock\n" + Self.done,
        ])
        #expect(
            script.lines == [
                "#!lua", "local int64 = {}", "local clock = {}", "local ledger = {int64, clock}",
                "local l, c = ledger, clock", "return {'DONE'}",
            ])
    }

    @Test("that are deferred become functions, which hold what only they need, and lines keep their places")
    func deferred() throws {
        let script = try LuaFolder.bundle([
            "include/clock.lua": "local clock = {}\n",
            "include/int64.lua": "local int64 = {}\n",
            "include/audit.lua": "--include <clock>\nlocal audit = {clock}\n",
            "budget/include/tell.lua": "--include <int64>\n--include <clock>\nlocal tell = {int64,\n  clock}\n",
            "budget/reserve.lua": LuaFolder.header
                + "--include deferred <budget/tell>\n--include deferred <audit>\n--include <int64>\n"
                + "local t, a, i = tell(), audit(), int64\n" + Self.done,
        ])
        #expect(
            script.lines == [
                "#!lua", "local int64 = {}", "local tell = function() local clock = {}", "local tell = {int64,",
                "clock} return tell end", "local audit = function() local clock = {}",
                "local audit = {clock} return audit end", "local t, a, i = tell(), audit(), int64", "return {'DONE'}",
            ])
        #expect(script.lineMap.contains("lua/budget/include/tell.lua@4:3 "), "\(script.lineMap)")
    }

    @Test("are deferred by scripts alone, and only where not each call has them anyway")
    func deferredNowhereElse() throws {
        let files = [
            "include/int64.lua": "local int64 = {}\n",
            "include/clock.lua": "--include deferred <int64>\nlocal clock = {int64}\n",
            "include/audit.lua": "--include <int64>\nlocal audit = {int64}\n",
        ]
        for (body, complaint) in [
            (
                "--include <audit>\n--include deferred <int64>\nlocal a, i = audit, int64()\n",
                "lua/budget/reserve.lua:15: error: <int64> is deferred, but each call has it"
            ),
            (
                "--include <clock>\nlocal c = clock\n",
                "lua/include/clock.lua:1: error: only a script may defer what it includes"
            ),
        ] {
            let script = ["budget/reserve.lua": LuaFolder.header + body + Self.done]
            #expect(try LuaFolder.complaints(files.merging(script) { $1 }) == [complaint])
        }
    }

    @Test("with a bare name are the shared ones first, then those of the domain")
    func bareNames() throws {
        let script = try LuaFolder.bundle([
            "include/clock.lua": "local clock = 'shared'\n",
            "budget/include/clock.lua": "local clock = 'budget'\n",
            "budget/include/ledger.lua": "local ledger = 'budget'\n",
            "budget/reserve.lua": LuaFolder.header
                + "--include <clock>\n--include <ledger>\nreturn {'DONE', clock, ledger}\n",
        ])
        #expect(script.lines.dropFirst().prefix(2) == ["local clock = 'shared'", "local ledger = 'budget'"])
    }

    @Test("that do not exist are reported where they are named")
    func missing() throws {
        let complaints = try LuaFolder.complaints([
            "include/int64.lua": "--include <lost>\nlocal int64 = {lost}\n",
            "budget/reserve.lua": LuaFolder.header
                + "--include <budget/ledger>\n--include <int64>\nreturn {'DONE', ledger, int64}\n",
        ])
        #expect(
            complaints == [
                "lua/budget/reserve.lua:14: error: no include <budget/ledger>: expected the file "
                    + "budget/include/ledger.lua",
                "lua/include/int64.lua:1: error: no include <lost>: expected the file include/lost.lua",
            ])
    }

    @Test("that form a cycle are refused")
    func cycle() throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": "--include <b>\nlocal a = {b}\n",
            "include/b.lua": "-- needs a\n--include <a>\nlocal b = {a}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <a>\nreturn {'DONE', a}\n",
        ])
        #expect(
            complaints == [
                "lua/include/b.lua:2: error: include cycle: include/a.lua -> include/b.lua -> include/a.lua"
            ])
    }

    @Test("of themselves are refused")
    func selfInclude() throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": "--include <a>\nlocal a = {}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <a>\nreturn {'DONE', a}\n",
        ])
        #expect(complaints == ["lua/include/a.lua:1: error: the file includes itself"])
    }

    @Test(
        "define one table and nothing else",
        arguments: [
            ("local other = {}\n", 1, "an include defines one top-level local, a = {...}"),
            ("local a = {}\nlocal b = {}\n", 2, "an include defines one top-level local, a = {...}"),
            ("local a = {}\nlocal a = {}\n", 2, "an include defines one top-level local, a = {...}"),
            ("local a = {}\n  local b = {}\n", 2, "an include defines one top-level local, a = {...}"),
            ("local a = {}\ndo\nlocal b = {}\nend\n", 3, "an include defines one top-level local, a = {...}"),
            ("local a = {}\nlocal function b() end\n", 2, "an include defines one top-level local, a = {...}"),
            ("local a, b = {}, {}\n", 1, "an include defines one top-level local, a = {...}"),
            ("-- nothing\n", 1, "the include does not define its table: local a = {}"),
            ("do\n  local a = {}\nend\n", 1, "the include does not define its table: local a = {}"),
            ("local a = {}\nreturn a\n", 2, "a return at the top of an include would end the script"),
            ("local a = {}\ndo\n", 2, "blocks and ends do not match"),
        ])
    func contract(text: String, line: Int, message: String) throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": text,
            "budget/reserve.lua": LuaFolder.header + "--include <a>\nreturn {'DONE', a}\n",
        ])
        #expect(complaints.contains("lua/include/a.lua:\(line): error: \(message)"), "\(complaints)")
    }

    @Test("may hold any code inside their blocks")
    func blocks() throws {
        let text = """
            local a = {}
            do
                local hidden = 0
                function a.run(n)
                    for i = 1, n do hidden = hidden + i end
                    while hidden > 9 do hidden = hidden - 1 end
                    repeat local x = hidden until x
                    if n == 1 then return 1 elseif n == 2 then return 2 else return 3 end
                end
            end

            """
        let complaints = try LuaFolder.complaints([
            "include/a.lua": text,
            "budget/reserve.lua": LuaFolder.header + "--include <a>\nreturn {'DONE', a}\n",
        ])
        #expect(complaints.isEmpty)
    }

    @Test("of one name from two folders do not fit into one script")
    func nameClash() throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": "local a = {}\n",
            "budget/include/a.lua": "local a = {}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <a>\n--include <budget/a>\nreturn {'DONE', a}\n",
        ])
        #expect(
            complaints == [
                "lua/budget/reserve.lua:15: error: budget/include/a.lua and include/a.lua both define a"
            ])
    }

    @Test("that a file names without using them are refused")
    func unused() throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": "local a = {}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <a>\n-- a\nreturn {'DONE'}\n",
        ])
        #expect(complaints == ["lua/budget/reserve.lua:14: error: <a> is included but a is not used here"])
    }

    @Test(
        "are refused in any form that Lua would take for a comment",
        arguments: ["--include a", "-- include <a>", "--include<a>", "--include <a> x", "  --include <a>", "--include"])
    func malformed(directive: String) throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": "local a = {}\n",
            "budget/reserve.lua": LuaFolder.header + directive + "\nreturn {'DONE'}\n",
        ])
        #expect(
            complaints == ["lua/budget/reserve.lua:14: error: an include is written --include <name>, from column 0"])
    }

    @Test("come before the first line of code, once")
    func placement() throws {
        let complaints = try LuaFolder.complaints([
            "include/a.lua": "local a = {}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <a>\nlocal x = a\n--include <a>\nreturn {'DONE'}\n",
        ])
        #expect(
            complaints == [
                "lua/budget/reserve.lua:16: error: <a> is included twice",
                "lua/budget/reserve.lua:16: error: includes come before the first line of code",
            ])
    }

    @Test("are not found in strings and prose")
    func notDirectives() throws {
        let body = "-- include the rest\n--included above\nlocal x = [[\n--include <a>\n]]\nreturn {'DONE'}\n"
        #expect(try LuaFolder.complaints(header: LuaFolder.header, body: body).isEmpty)
    }
}
