// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaBundling
import Testing

@Suite("The body of a script agrees with its header")
struct BodyTests {
    @Test("on how many keys and arguments there are")
    func indices() throws {
        let body = "local a = ARGV[1]\nlocal b = ARGV [ 2 ]\nlocal c, d = KEYS[1], KEYS[3]\nreturn {'DONE', ARGV[0]}\n"
        #expect(
            try LuaFolder.complaints(header: LuaFolder.header, body: body) == [
                "lua/budget/reserve.lua:15: error: ARGV[2]: the header declares 1",
                "lua/budget/reserve.lua:16: error: KEYS[3]: the header declares 1",
                "lua/budget/reserve.lua:17: error: ARGV[0]: the header declares 1",
            ])
    }

    @Test("on no keys at all")
    func noKeys() throws {
        let header = LuaFolder.header.replacing("1 sentinel   the shard", with: "none")
        let complaints = try LuaFolder.complaints(header: header, body: "return {'DONE', KEYS[1]}")
        #expect(complaints == ["lua/budget/reserve.lua:14: error: KEYS[1]: the header declares 0"])
    }

    @Test("except that a repeated argument covers every index from 1")
    func variadic() throws {
        let header = LuaFolder.header.replacing("1 tag ", with: "1.. tags ")
        #expect(try LuaFolder.complaints(header: header, body: "return {'DONE', ARGV[99]}").isEmpty)
        let complaints = try LuaFolder.complaints(header: header, body: "return {'DONE', ARGV[0]}")
        #expect(complaints == ["lua/budget/reserve.lua:14: error: ARGV[0]: the header declares 1"])
    }

    @Test("not counting comments and strings")
    func notCode() throws {
        let body = "-- KEYS[9]\n--[[ ARGV[9] ]]\nreturn {'DONE', 'KEYS[9]', [[return {'OTHER'}]]}\n"
        #expect(try LuaFolder.complaints(header: LuaFolder.header, body: body).isEmpty)
    }

    @Test("also where an include reads the arguments")
    func includes() throws {
        let complaints = try LuaFolder.complaints([
            "include/caller.lua": "local caller = {}\ncaller.id = ARGV[4]\n",
            "budget/reserve.lua": LuaFolder.header + "--include <caller>\nreturn {'DONE', caller.id}\n",
        ])
        #expect(complaints == ["lua/include/caller.lua:2: error: ARGV[4]: the header declares 1"])
    }

    @Test("on the words it replies with")
    func undeclaredReply() throws {
        let body = "if x then return {'GONE'} end\nif y then return {\n  \"LOST\", 1 } end\nreturn { 'DONE' }\n"
        #expect(
            try LuaFolder.complaints(header: LuaFolder.header, body: body) == [
                "lua/budget/reserve.lua:14: error: reply GONE is not declared in the header",
                "lua/budget/reserve.lua:16: error: reply LOST is not declared in the header",
            ])
    }

    @Test("on the words it never replies with")
    func unusedReply() throws {
        let complaints = try LuaFolder.complaints(header: LuaFolder.header, body: "-- 'DONE'\nreturn {DONE}\n")
        #expect(complaints == ["lua/budget/reserve.lua:10: error: reply DONE appears nowhere in the script"])
    }

    @Test("where an include may hold the word")
    func replyFromInclude() throws {
        let complaints = try LuaFolder.complaints([
            "include/reply.lua": "local reply = {}\nfunction reply.done() return {'DONE'} end\n",
            "budget/reserve.lua": LuaFolder.header + "--include <reply>\nreturn reply.done()\n",
        ])
        #expect(complaints.isEmpty)
    }
}
