// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling
import LuaCatalog
import Testing

extension LuaScript {
    /// The script that the catalogue would hold for a bundle.
    init(_ bundle: BundledScript) {
        self.init(
            name: bundle.name,
            summary: bundle.summary,
            source: bundle.source,
            sha1: bundle.sha1,
            retry: RetryClass(bundle.retry),
            keyNames: bundle.keyNames,
            hasVariadicKeys: bundle.hasVariadicKeys,
            argumentNames: bundle.argumentNames,
            isVariadic: bundle.isVariadic,
            replies: bundle.replies.map { LuaReply(word: $0.word, fields: $0.fields, isVariadic: $0.isVariadic) },
            flags: bundle.flags,
            lineMap: bundle.lineMap)
    }
}

extension RetryClass {
    init(_ declared: DeclaredRetry) {
        self =
            switch declared {
            case .keyed: .keyed
            case .safe: .safe
            case .never: .never
            }
    }
}

@Suite("The catalogue")
struct CatalogueTests {
    private static let script = LuaScript(
        name: "budget/reserve", summary: "x", source: "#!lua\na\nb\nc\nd\ne", sha1: "0", retry: .keyed,
        keyNames: ["sentinel", "ledger"], argumentNames: ["tag"], replies: [],
        lineMap: "lua/include/int64.lua@2:3,3:8 lua/budget/reserve.lua@5:40")

    @Test("holds exactly what the files in lua/ say")
    func matchesFiles() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../lua").standardized
        let bundled = try Bundler(root: package).bundleAll()
        #expect(LuaScript.all == bundled.map { LuaScript($0) })
        #expect(!LuaScript.all.isEmpty)
        #expect(LuaScript.all.allSatisfy { $0.sha1 == SHA1.hexDigest(of: $0.source.utf8) })
    }

    @Test(
        "finds the file and line behind a line of a script",
        arguments: [
            (2, "lua/include/int64.lua:3"), (3, "lua/include/int64.lua:8"), (4, "lua/include/int64.lua:9"),
            (5, "lua/budget/reserve.lua:40"), (6, "lua/budget/reserve.lua:41"),
            (1, "budget/reserve (line 1 of the bundle)"), (7, "budget/reserve (line 7 of the bundle)"),
            (Int.max, "budget/reserve (line \(Int.max) of the bundle)"),
            (Int.min, "budget/reserve (line \(Int.min) of the bundle)"),
        ])
    func locations(line: Int, location: String) {
        #expect(Self.script.location(ofLine: line) == location)
    }

    @Test(
        "puts files and lines into the messages of Redis",
        arguments: [
            ("ERR user_script:5: bad call", "ERR lua/budget/reserve.lua:40: bad call"),
            ("WRONGTYPE x script: 0, on @user_script:3.", "WRONGTYPE x script: 0, on lua/include/int64.lua:8."),
            ("user_script:2: a user_script:6: b", "lua/include/int64.lua:3: a lua/budget/reserve.lua:41: b"),
            ("user_script: nothing", "user_script: nothing"),
            ("@user_script:99999999999999999999:", "@user_script:99999999999999999999:"),
            ("user_script:٣", "user_script:٣"),
            ("OOM command not allowed", "OOM command not allowed"),
            ("", ""),
        ])
    func messages(message: String, translated: String) {
        #expect(Self.script.translate(errorMessage: message) == translated)
    }

    @Test("knows how many keys and arguments a script takes")
    func counts() {
        #expect((0...3).map(Self.script.accepts(keyCount:)) == [false, false, true, false])
        #expect((0...2).map(Self.script.accepts(argumentCount:)) == [false, true, false])
        let variadic = LuaScript(
            name: "a/b", summary: "", source: "", sha1: "", retry: .safe, keyNames: ["sentinel", "others"],
            hasVariadicKeys: true, argumentNames: ["tags"], isVariadic: true, replies: [])
        #expect((0...3).map(variadic.accepts(keyCount:)) == [false, true, true, true])
        #expect((0...2).map(variadic.accepts(argumentCount:)) == [true, true, true])
    }

    @Test("is rendered with as many signs around its texts as they need")
    func delimiters() throws {
        let body = #####"return {'DONE', "a"#b, "\##(c)", [["""###]], '\\'}"#####
        let script = try LuaFolder.bundle(["budget/reserve.lua": LuaFolder.header + body])
        let rendered = CatalogueRenderer.render([script])
        #expect(rendered.contains("source: ####\"\"\"\n#!lua\n\(body)\n\"\"\"####,"))
        #expect(rendered.contains("package static let budgetReserve = LuaScript(\n        name: #\"budget/reserve\"#,"))
        #expect(rendered.contains("retry: .keyed,"))
        #expect(rendered.contains("LuaReply(word: #\"DONE\"#, fields: [], isVariadic: false),"))
    }

    @Test("is rendered even when there are no scripts")
    func empty() {
        #expect(CatalogueRenderer.render([]).contains("package static let all: [LuaScript] = [\n    ]"))
    }
}
