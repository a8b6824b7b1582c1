// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Where the documents of the Reservation API contradict each other (X) or are silent (Q), there are numbered
/// decisions; each stands in the title of a test that shows it: `"Q12 Q14: a requester takes one unit ..."`.
@Suite("Decisions of the Reservation API")
struct DecisionTests {
    private static let folder = "Tests/HTTPAPITests"

    private static let all = Set((1...11).map { "X\($0)" } + (1...28).map { "Q\($0)" })

    /// The decisions at the beginning of a title, before its colon.
    static func decisions(in title: Substring) -> Set<String> {
        guard let colon = title.firstIndex(of: ":") else { return [] }
        let words = title[..<colon].split(whereSeparator: { $0 == " " || $0 == "," })
        guard words.allSatisfy({ $0.wholeMatch(of: /[QX]\d+/) != nil }) else { return [] }
        return Set(words.map(String.init))
    }

    @Test("every decision stands in the title of a test that shows it")
    func everyDecisionIsShown() {
        var shown: Set<String> = []
        for file in Repository.swiftFiles(in: Self.folder) {
            for match in file.text.matches(of: /@Test\(\s*"([^"]*)"/) {
                let decisions = Self.decisions(in: match.1)
                #expect(decisions.isSubset(of: Self.all), "\(file.path): there is no such decision: \(match.1)")
                shown.formUnion(decisions)
            }
        }
        #expect(Self.all.subtracting(shown).sorted() == [])
    }

    @Test("decisions are read out of titles")
    func decisionsAreRecognised() {
        #expect(Self.decisions(in: "Q12 Q14: a requester") == ["Q12", "Q14"])
        #expect(Self.decisions(in: "X5, Q26: names") == ["X5", "Q26"])
        #expect(Self.decisions(in: "a title with Q12 in it") == [])
        #expect(Self.decisions(in: "the tree of Q13: nodes") == [])
    }
}
