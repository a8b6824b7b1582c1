// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@Suite("Sizes")
struct SizeTests {
    private static let fileLinesMax = 500
    private static let functionLinesMax = 70
    private static let columnsMax = 120

    /// Files with lines that have no better place to break: tables, links, licence.
    private static func hasLongLines(_ file: Repository.File) -> Bool {
        file.path.hasSuffix(".md") || file.path == "LICENSE" || file.path.hasPrefix("docs/")
    }

    @Test("no file is longer than 500 lines")
    func filesAreShort() {
        for file in Repository.files where [".swift", ".lua"].contains(where: { file.path.hasSuffix($0) }) {
            let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
            #expect(count <= Self.fileLinesMax, "\(file.path) has \(count) lines")
        }
    }

    @Test("no function is longer than 70 lines")
    func functionsAreShort() {
        for file in Repository.swiftFiles {
            for body in file.code.bodies {
                #expect(body.length <= Self.functionLinesMax, "\(file.path):\(body.line) has \(body.length) lines")
            }
        }
    }

    @Test(
        "no line is wider than 120 columns, none ends in white space or has a tab, every file ends with one line feed")
    func linesAreNarrow() {
        for file in Repository.files where !file.text.isEmpty {
            #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(file.path): end of file")
            let isRecipe = file.name == "Makefile"
            for (index, line) in file.lines.enumerated() {
                let place = "\(file.path):\(index + 1)"
                if line.utf8.count > Self.columnsMax, !Self.hasLongLines(file) {
                    #expect(line.count <= Self.columnsMax, "\(place) has \(line.count) columns")
                }
                #expect(line.utf8.last != 32 || file.path == "LICENSE", "\(place) ends in white space")
                #expect(isRecipe || !line.utf8.contains(9), "\(place) has a tab")
            }
        }
    }

    @Test("a long body is noticed wherever its braces are, and what has no body is not counted")
    func bodiesAreMeasured() {
        let code = SwiftCode(
            """
            protocol P {
                func without()
                var reading: Int { get }
            }
            struct S {
                func one(_ f: () -> Void = {}) {
                    if true { f() }
                }
                init?(a: Int,
                    b: Int
                ) throws {
                    let s = "}} \\(a) {"
                }
                var computed: Int {
                    // } not this one
                    1
                }
                let stored = [1].map {
                    $0
                }
            }
            """)
        #expect(code.bodies.map(\.line) == [3, 6, 9, 14])
        #expect(code.bodies.map(\.length) == [1, 3, 5, 4])
    }

    @Test("strings of every kind and nested comments are blanked, code around them is kept")
    func literalsAreBlanked() {
        let code = SwiftCode(
            """
            a("x\\(b("y"))z") + c /* d /* e */ f */ + g
            let h = \"""
                i " j
                \""" + k
            l(#"m"n"#) // o
            p(/"q{/) + r / s
            """)
        let words = code.lines.map { $0.split { !$0.isLetter }.map(String.init) }
        #expect(words == [["a", "c", "g"], ["let", "h"], [], ["k"], ["l"], ["p", "r", "s"]])
    }
}
