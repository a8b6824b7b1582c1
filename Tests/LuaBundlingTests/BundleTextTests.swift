// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling
import LuaCatalog
import Testing

@Suite("The text of a bundle")
struct BundleTextTests {
    private func lines(of body: String) throws -> [String] {
        let fragment = try LuaFolder.with([:]) { try $0.bundler().fragment(name: "spec/text", source: body) }
        return fragment.source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("starts with a shebang even without flags")
    func shebang() throws {
        let script = try LuaFolder.bundle(["budget/reserve.lua": LuaFolder.header + "return {'DONE'}"])
        #expect(script.lines == ["#!lua", "return {'DONE'}"])
        #expect(try lines(of: "") == ["#!lua"])
    }

    @Test("has no comments, blank lines, and indentation")
    func stripping() throws {
        let body = """
            -- a line comment
            local x = 1   -- after code

                local y --[[ in the middle ]] = --[==[ over ]]
                two lines ]==] 2
            \tlocal z\t=\t3
            --
            ---[[ not a long comment
            return x--[[gone]]-y
            """
        #expect(try lines(of: body) == ["#!lua", "local x = 1", "local y =", "2", "local z = 3", "return x -y"])
    }

    @Test(
        "keeps strings as they are",
        arguments: [
            "local s = \"--not a comment\"",
            "local s = '--[[ nor this ]]'",
            "local s = \"an escaped \\\" quote --\"",
            "local s = 'it ends in a backslash \\\\'",
            "local s = [[ long -- with [=[ inside ]]",
            "local s = [==[ long ]] ]=] -- ]==]",
            "local s = t[u[1]] .. [=[]]]=]",
            "local s = '' .. \"\" .. [[]]",
            "local s = 'grün — ✓'",
        ])
    func strings(line: String) throws {
        #expect(try lines(of: "  " + line + " -- comment") == ["#!lua", line])
    }

    @Test("keeps every line of a string that spans several")
    func longStrings() throws {
        let body = "local s = [[\n\n   indented -- kept  \n]] .. 'a\\\n  b'\nreturn s"
        #expect(
            try lines(of: body) == [
                "#!lua", "local s = [[", "", "   indented -- kept  ", "]] .. 'a\\", "  b'", "return s",
            ])
    }

    @Test(
        "is refused when a file cannot be read as Lua",
        arguments: [
            ("x = 1\ny = 'open\nz = 2", 2, "the string does not end on its line"),
            ("x = 1\ny = \"open", 2, "the string never ends"),
            ("x = 1\ny = [[open\n\n", 2, "the long string never ends"),
            ("\n\n--[==[ open ]]", 3, "the long comment never ends"),
            ("x = 1\r\ny = 2", 1, "control character 13; lines end in LF alone"),
            ("x = 1\n\u{0}", 2, "control character 0; lines end in LF alone"),
            ("x = 1\nä = 2", 2, "byte 195 outside of strings and comments"),
        ])
    func unreadable(text: String, line: Int, message: String) throws {
        try LuaFolder.with([:]) { folder in
            let fault = #expect(throws: BundleFault.self) {
                try folder.bundler().fragment(name: "spec/text", source: text)
            }
            #expect(fault?.description == "lua/spec/text.lua:\(line): error: \(message)")
        }
    }

    @Test("has a map from each of its lines to the line of the file with the same code")
    func lineMap() throws {
        let files = [
            "include/clock.lua": "-- time\n\nlocal clock = {}\ndo\n\n    clock.a = [[\n\nx]]\n    -- more\nend\n",
            "budget/include/ledger.lua": "local ledger = {\n--[[\n]] 1,\n}\n",
            "budget/reserve.lua": LuaFolder.header
                + "--include <clock>\n--include <ledger>\n\nlocal a = clock -- x\nlocal b = ledger\n\n\n"
                + "return {'DONE'}\n",
        ]
        let bundle = try LuaFolder.bundle(files)
        let script = LuaScript(bundle)
        #expect(bundle.lines.count == 13)
        for (index, text) in bundle.lines.enumerated().dropFirst() {
            let location = script.location(ofLine: index + 1)
            let parts = location.dropFirst("lua/".count).split(separator: ":").map(String.init)
            try #require(parts.count == 2)
            let file = try #require(files[parts[0]])
            let line = try #require(Int(parts[1]))
            let original = file.split(separator: "\n", omittingEmptySubsequences: false)[line - 1]
            #expect(text.isEmpty ? original.isEmpty : original.contains(text), "\(location) is not \(text)")
        }
        #expect(script.location(ofLine: 13) == "lua/budget/reserve.lua:21")
    }
}
