// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling
import Testing

@Suite("The bundler")
struct BundlerTests {
    private static let reserve = LuaFolder.header + "return {'DONE'}\n"

    private func script(_ name: String) -> String {
        Self.reserve.replacing("budget/reserve", with: name)
    }

    private func complaints(_ files: [String: String]) throws -> [String] {
        try LuaFolder.with(files) { $0.bundler().problems().map { $0.rendered(under: "lua") } }
    }

    @Test("finds scripts in the folders of domains, sorted by name")
    func discovery() throws {
        let files = [
            "reservation/acquire.lua": script("reservation/acquire"),
            "budget/reserve.lua": Self.reserve,
            "budget/create_grant.lua": script("budget/create_grant"),
            "budget/include/ledger.lua": "local ledger = {}\n",
            "include/clock.lua": "local clock = {}\n",
            "spec/clock_spec.lua": "return {}\n",
            "README.md": "prose",
            "budget/.#reserve.lua": "an editor's lock",
        ]
        try LuaFolder.with(files) { folder in
            let names = ["budget/create_grant", "budget/reserve", "reservation/acquire"]
            #expect(try folder.bundler().scriptNames() == names)
            let scripts = try folder.bundler().bundleAll()
            #expect(scripts.map(\.name) == names)
            #expect(scripts.map(\.memberName) == ["budgetCreateGrant", "budgetReserve", "reservationAcquire"])
        }
    }

    @Test(
        "refuses files where it would not look for them",
        arguments: ["reserve.lua", "budget/deep/reserve.lua", "include/include/a.lua", "budget/include/deep/a.lua"])
    func misplaced(path: String) throws {
        let places = "<domain>/<operation>.lua, include/<name>.lua, or <domain>/include/<name>.lua"
        #expect(try complaints([path: ""]) == ["lua/\(path):1: error: a Lua file must be \(places)"])
    }

    @Test("refuses names that are not snake_case", arguments: ["Budget/reserve.lua", "budget/re-serve.lua"])
    func names(path: String) throws {
        #expect(try complaints([path: ""]) == ["lua/\(path):1: error: names of Lua files and folders are snake_case"])
    }

    @Test("refuses two scripts with one Swift name")
    func memberClash() throws {
        let files = ["a/b_c.lua": script("a/b_c"), "a_b/c.lua": script("a_b/c")]
        #expect(try complaints(files) == ["lua/a/b_c.lua:1: error: a/b_c and a_b/c would both be called aBC"])
    }

    @Test("reports the mistake in a shared include once, with those of all scripts")
    func allProblems() throws {
        let files = [
            "include/a.lua": "local b = {}\nlocal a = {}\n",
            "budget/one.lua": script("budget/one") + "--include <a>\n",
            "budget/two.lua": script("budget/two").replacing("return", with: "--include <a>\nreturn").replacing(
                "{'DONE'}", with: "{'DONE', a, KEYS[2]}"),
            "budget/three.lua": script("budget/three").replacing("return", with: "--include <a>\nreturn").replacing(
                "{'DONE'}", with: "{'DONE', a}"),
        ]
        #expect(
            try complaints(files) == [
                "lua/budget/one.lua:15: error: <a> is included but a is not used here",
                "lua/budget/one.lua:15: error: includes come before the first line of code",
                "lua/include/a.lua:1: error: an include defines one top-level local, a = {...}",
            ])
    }

    @Test("reports includes that no script uses")
    func unusedIncludes() throws {
        let files = [
            "include/a.lua": "local a = {}\n", "include/b.lua": "local b = {}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <a>\nreturn {'DONE', a}\n",
        ]
        #expect(try complaints(files) == ["lua/include/b.lua:1: error: no script includes this file"])
    }

    @Test("reports scripts and folders that do not exist")
    func missing() throws {
        try LuaFolder.with([:]) { folder in
            let fault = #expect(throws: BundleFault.self) { try folder.bundler().bundle("budget/lost") }
            #expect(fault?.description == "lua/budget/lost.lua:1: error: cannot read this file")
            let gone = Bundler(root: folder.root.appending(path: "gone"))
            #expect(gone.problems().map { $0.rendered(under: "gone") } == ["gone:1: error: cannot list this directory"])
        }
    }

    @Test("refuses files that are not UTF-8")
    func encoding() throws {
        try LuaFolder.with([:]) { folder in
            try folder.write("", to: "budget/reserve.lua")
            try Data([0x2D, 0x2D, 0xFF]).write(to: folder.root.appending(path: "budget/reserve.lua"))
            let fault = #expect(throws: BundleFault.self) { try folder.bundler().bundle("budget/reserve") }
            #expect(fault?.description == "lua/budget/reserve.lua:1: error: the file is not UTF-8")
        }
    }

    @Test("makes the same of the same files, whichever way they were written")
    func determinism() throws {
        let files = (1...20).map { ("d\($0)/op.lua", script("d\($0)/op")) }
        let first = try LuaFolder.with(Dictionary(uniqueKeysWithValues: files)) {
            CatalogueRenderer.render(try $0.bundler().bundleAll())
        }
        let second = try LuaFolder.with([:]) { folder in
            for (path, text) in files.reversed() {
                try folder.write(text, to: path)
            }
            return CatalogueRenderer.render(try folder.bundler().bundleAll())
        }
        #expect(first == second)
    }

    @Test("takes other text or another file for an include")
    func overrides() throws {
        let files = [
            "include/clock.lua": "local clock = {}\nclock.now = 'real'\n",
            "budget/include/ledger.lua": "--include <clock>\nlocal ledger = {clock}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <budget/ledger>\nreturn {'DONE', ledger}\n",
            "test/clock.lua": "local clock = {}\nclock.now = 'simulated'\n",
        ]
        try LuaFolder.with(files) { folder in
            let real = try folder.bundler().bundle("budget/reserve")
            let file = folder.root.appending(path: "test/clock.lua")
            let fromFile = try folder.bundler(overrides: ["clock": .file(file)]).bundle("budget/reserve")
            #expect(fromFile.source == real.source.replacing("real", with: "simulated"))
            #expect(fromFile.sha1 != real.sha1)
            #expect(fromFile.lineMap == real.lineMap.replacing("clock.lua", with: "clock.lua#override"))

            let text = "local ledger = {'text'}"
            let fromText = try folder.bundler(overrides: ["budget/ledger": .source(text)]).bundle("budget/reserve")
            #expect(fromText.lines == ["#!lua", text, "return {'DONE', ledger}"])
        }
    }

    @Test("checks what it takes for an include, and that there is one")
    func wrongOverrides() throws {
        let files = [
            "include/clock.lua": "local clock = {}\n",
            "budget/reserve.lua": LuaFolder.header + "--include <clock>\nreturn {'DONE', clock}\n",
        ]
        try LuaFolder.with(files) { folder in
            let wrong = folder.bundler(overrides: ["clock": .source("local watch = {}")])
            let fault = #expect(throws: BundleFault.self) { try wrong.bundle("budget/reserve") }
            #expect(fault?.problems.first?.path == "include/clock.lua#override")
            let mistyped = folder.bundler(overrides: ["clocks": .source("local clocks = {}")])
            let other = #expect(throws: BundleFault.self) { try mistyped.bundle("budget/reserve") }
            #expect(other?.problems.first?.path == "include/clocks.lua")
        }
    }

    @Test("bundles text that is no script with the includes it names")
    func fragments() throws {
        try LuaFolder.with(["include/int64.lua": "local int64 = {}\n"]) { folder in
            let text = "--include <int64>\nreturn int64.add('1', '2')\n"
            let fragment = try folder.bundler().fragment(name: "spec/int64_spec", source: text)
            #expect(fragment.source == "#!lua\nlocal int64 = {}\nreturn int64.add('1', '2')")
            #expect(fragment.sha1 == SHA1.hexDigest(of: fragment.source.utf8))
            #expect(fragment.lineMap == "lua/include/int64.lua@2:1 lua/spec/int64_spec.lua@3:2")
        }
    }
}
