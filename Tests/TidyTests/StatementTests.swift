// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// The runtime protocol's conformance checklist has numbered statements; each stands in the title of a test that shows
/// it: `"51, 52: an estimate equal to ..."`, `"75, 77-82: a dry run ..."`.
@Suite("Statements of the runtime protocol")
struct StatementTests {
    private static let folders = [
        "Tests/HTTPAPITests/Cycles", "Tests/LuaScriptTests/Budget", "Tests/ServerTests/Cycles",
    ]

    private static let all = 1...212

    /// Statements that no test shows, and why.
    private static let excluded: [ClosedRange<Int>: String] = [
        207...207: "dry runs tell of refusals like every other: the design's decision",
        211...212: "evidence is optional and not offered",
    ]

    /// The numbers at the beginning of a title, before its colon; other words there are decisions and sections.
    static func numbers(in title: Substring) -> Set<Int> {
        guard let colon = title.firstIndex(of: ":") else { return [] }
        var numbers: Set<Int> = []
        for word in title[..<colon].split(whereSeparator: { $0 == " " || $0 == "," }) {
            if let match = word.wholeMatch(of: /(\d+)-(\d+)/), let first = Int(match.1), let last = Int(match.2) {
                numbers.formUnion(first...max(first, last))
            } else if let match = word.wholeMatch(of: /\d+/), let number = Int(match.0) {
                numbers.insert(number)
            } else if word.wholeMatch(of: /A\d+|\d+\.\d+/) == nil {
                return []
            }
        }
        return numbers
    }

    /// Titles of the tests in a file, wherever in the attribute they stand.
    private static func titles(in file: Repository.File) -> [Substring] {
        file.text.matches(of: /@Test\(\s*"([^"]*)"/).map { $0.1 }
    }

    @Test("every statement stands in the title of a test that shows it, or is excluded for a reason")
    func everyStatementIsShown() {
        var shown: Set<Int> = []
        for folder in Self.folders {
            let files = Repository.swiftFiles(in: folder)
            #expect(!files.isEmpty, "\(folder)")
            for file in files {
                for title in Self.titles(in: file) {
                    let numbers = Self.numbers(in: title)
                    shown.formUnion(numbers)
                    for number in numbers where !Self.all.contains(number) {
                        Issue.record("\(file.path): there is no statement \(number): \(title)")
                    }
                }
            }
        }
        let excluded = Set(Self.excluded.keys.flatMap { Array($0) })
        let missing = Set(Self.all).subtracting(shown).subtracting(excluded).sorted()
        #expect(missing.isEmpty, "no test shows \(missing)")
        #expect(excluded.isDisjoint(with: shown), "excluded, and shown all the same")
        #expect(Self.excluded.values.allSatisfy { !$0.isEmpty })
    }

    @Test("numbers are read from titles as they are written")
    func numbersAreRead() {
        #expect(Self.numbers(in: "37 39 40: before") == [37, 39, 40])
        #expect(Self.numbers(in: "75, 77-79, A9, 2.12: a dry run: of 5") == [75, 77, 78, 79])
        #expect(Self.numbers(in: "no numbers: 5") == [])
        #expect(Self.numbers(in: "50 of 100 fit") == [])
    }
}
