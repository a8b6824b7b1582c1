// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Testing

@Suite("Documents")
struct DocumentTests {
    private static var pages: [Repository.File] { Repository.files.filter { $0.path.hasSuffix(".md") } }

    @Test("the documents a newcomer looks for are there")
    func pagesExist() {
        let wanted = [
            "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs/ARCHITECTURE.md", "docs/keyspace.md",
            "docs/operations.md", "docs/guarantees.md", "docs/performance.md", "lua/README.md",
        ]
        for path in wanted { #expect(Repository.file(path)?.text.isEmpty == false, "\(path)") }
    }

    @Test("every link inside the documents leads to a file and a heading that exist")
    func linksResolve() {
        for page in Self.pages {
            for match in page.text.matches(of: /\]\(([^)\s]+)\)/) where !match.1.contains("://") {
                let parts = match.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
                let path = parts[0].isEmpty ? page.path : resolve(String(parts[0]), from: folder)
                let exists = FileManager.default.fileExists(atPath: Repository.root.appending(path: path).path)
                #expect(exists, "\(page.path) links to \(match.1)")
                guard parts.count == 2, let target = Repository.file(path) else { continue }
                #expect(anchors(of: target).contains(String(parts[1])), "\(page.path) links to \(match.1)")
            }
        }
    }

    private func resolve(_ link: String, from folder: String) -> String {
        var parts = folder.split(separator: "/").map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }

    /// The anchors that headings get: lower case, spaces as dashes, no other punctuation.
    private func anchors(of page: Repository.File) -> Set<String> {
        Set(
            page.lines.filter { $0.hasPrefix("#") }.map { line in
                String(
                    line.drop { $0 == "#" }.drop { $0 == " " }.lowercased().compactMap { character in
                        if character == " " { return "-" }
                        return character.isLetter || character.isNumber || character == "-" || character == "_"
                            ? character : nil
                    })
            })
    }

    @Test("every setting named in the sources is documented, and every documented one is in the sources")
    func settingsAreDocumented() throws {
        let page = try #require(Repository.file("docs/operations.md"))
        let documented = settings(in: page.text)
        var named: Set<String> = []
        for file in Repository.swiftFiles(in: "Sources") {
            let found = settings(in: file.text)
            #expect(found.subtracting(documented).isEmpty, "\(file.path): not in docs/operations.md")
            named.formUnion(found)
        }
        #expect(documented.subtracting(named).isEmpty)
        #expect(named.count >= 10)
    }

    @Test("the tables of settings agree with the sources: flag, default and meaning")
    func settingRowsAgree() throws {
        let page = try #require(Repository.file("docs/operations.md"))
        for file in Repository.swiftFiles(in: "Sources/HoldfastSettings") {
            let text = file.text.replacing(/\s+/, with: " ")
            for match in text.matches(of: /Setting<[^(]*>\(\s*"(HOLDFAST_\w+)",.*?shown: "([^"]*)",\s*"([^"]*)"\s*\)/) {
                let row = page.lines.first { $0.hasPrefix("| `\(match.1)` |") }
                let cells = (row ?? "").split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                guard cells.count == 5 else {
                    Issue.record("docs/operations.md has no row for \(match.1)")
                    continue
                }
                let words = match.1.dropFirst("HOLDFAST_".count).lowercased().replacing("_", with: "-")
                #expect(cells[1] == "`--\(words)`", "\(match.1)")
                #expect(cells[2] == (match.2.isEmpty ? "none" : "`\(match.2)`"), "\(match.1)")
                #expect(cells[4] == match.3, "\(match.1)")
            }
        }
    }

    /// Names of settings, without those that only begin a name or that this version ignores.
    private func settings(in text: String) -> Set<String> {
        Set(text.matches(of: /\bHOLDFAST_[A-Z][A-Z_]*[A-Z]\b/).map { String($0.0) })
            .subtracting(["HOLDFAST_SECRET_KEY", "HOLDFAST_CHIREDIS_SHIM_H"])
    }

    @Test("every test that docs/guarantees.md names exists, in the suite it names, and every promise names one")
    func guaranteesAreTested() throws {
        let page = try #require(Repository.file("docs/guarantees.md"))
        var tests: [String: Set<String>] = [:]
        for file in Repository.swiftFiles(in: "Tests") {
            let names = file.text.matches(of: /@(Suite|Test)\(\s*"((?:[^"\\]|\\.)*)"/)
            var suite = ""
            for name in names {
                if name.1 == "Suite" {
                    suite = String(name.2)
                } else {
                    tests[suite, default: []].insert(String(name.2))
                }
            }
        }
        let rows = page.lines.filter { $0.contains(/^\| [A-Z]\d+ \|/) }
        #expect(rows.count >= 20)
        for row in rows {
            let cells = row.split(separator: "|")
            let shown = cells.count == 3 ? cells[2].matches(of: /([^";|]+): ("[^"]+"(?:, "[^"]+")*)/) : []
            #expect(!shown.isEmpty, "no test for\(row)")
            for match in shown {
                let suite = match.1.trimmingCharacters(in: .whitespaces)
                for test in match.2.matches(of: /"([^"]+)"/) {
                    #expect(tests[suite]?.contains(String(test.1)) == true, "\(suite): \(test.1)")
                }
            }
        }
    }

    @Test("every metric named in the sources is documented")
    func metricsAreDocumented() throws {
        let page = try #require(Repository.file("docs/operations.md"))
        for file in Repository.swiftFiles(in: "Sources") where !file.path.hasPrefix("Sources/holdfast-bench/") {
            for match in file.text.matches(of: /"((?:holdfast|http_server)_[a-z0-9_]+)"/) {
                #expect(page.text.contains("`" + match.1), "\(file.path) names \(match.1)")
            }
        }
    }

    @Test("decisions are numbered without gaps, dated, and say context, decision and consequence")
    func decisionsAreInOrder() {
        let pages = Self.pages.filter { $0.path.hasPrefix("docs/decisions/") }
        #expect(pages.count >= 7)
        for (index, page) in pages.enumerated() {
            let number = String(format: "%04d", index + 1)
            #expect(page.name.hasPrefix(number + "-"), "\(page.path)")
            #expect(page.text.hasPrefix("# \(number) "), "\(page.path)")
            #expect(page.text.contains(/\n\d{4}-\d{2}-\d{2}\n/), "\(page.path)")
            for section in ["Context", "Decision", "Consequence"] {
                #expect(page.text.contains("\n## \(section)\n"), "\(page.path): \(section)")
            }
        }
    }

    @Test("no file names a place on somebody's machine or a private host")
    func nothingIsPrivate() {
        // Put together here, or this file would name them itself.
        let words = [
            "/wo" + "rk/", "/tmp/" + "h/", "/ro" + "ot/", "/Us" + "ers/", "/ho" + "me/", "art" + "ifactory",
            "nex" + "us.",
        ]
        for file in Repository.files where file.path != "LICENSE" {
            for word in words { #expect(!file.text.contains(word), "\(file.path) names \(word)") }
            #expect(!file.text.contains(/\b(?:\d{1,3}\.){3}\d{1,3}:(?:3128|8080|8081)\b/), "\(file.path) names a proxy")
        }
    }
}
