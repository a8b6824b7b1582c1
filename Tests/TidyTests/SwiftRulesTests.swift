// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@Suite("House rules for Swift")
struct SwiftRulesTests {
    /// The two lines every Swift file begins with.
    private static let header = """
        // SPDX-License-Identifier: Apache-2.0
        // SPDX-FileCopyrightText: 2026 The Holdfast authors
        """

    /// Files that may read the wall clock; everywhere else time comes from Redis, or as an argument.
    private static let clockFiles: Set<String> = [
        "Sources/Observability/Logging/UTCTimestamp.swift", "Sources/HoldfastRuntime/HTTP/HTTPDate.swift",
        "Sources/holdfast-bench/ReportTable.swift",
        "Sources/holdfast-bench/Webhooks/HookSink.swift",
    ]

    /// Modules that write to the terminal.
    private static let terminalModules = [
        "HoldfastCLI", "holdfast", "holdfast-bench", "holdfast-server", "holdfast-worker",
    ]

    @Test("every file begins with its licence and its owners")
    func filesCarryTheirLicence() {
        for file in Repository.swiftFiles {
            let lines =
                file.lines.first?.hasPrefix("// swift-tools-version") == true ? file.lines.dropFirst() : file.lines[...]
            #expect(lines.prefix(2).joined(separator: "\n") == Self.header, "\(file.path)")
            #expect(lines.dropFirst(2).first == "", "\(file.path): a blank line follows the header")
        }
    }

    @Test("nothing is forced: no try!, as!, force unwrap, implicitly unwrapped optional, or fatalError")
    func nothingIsForced() {
        for file in Repository.swiftFiles {
            let code = file.code
            #expect(code.lines(with: Pattern.forced).isEmpty, "\(file.path)")
        }
    }

    @Test("libraries do not print")
    func librariesDoNotPrint() {
        for file in Repository.swiftFiles(in: "Sources", "Plugins") {
            guard !Self.terminalModules.contains(where: { file.path.hasPrefix("Sources/\($0)/") }) else { continue }
            #expect(file.code.lines(with: Pattern.printing).isEmpty, "\(file.path)")
        }
    }

    @Test("the wall clock is read in named files only")
    func theWallClockIsReadInNamedFiles() {
        for file in Repository.swiftFiles(in: "Sources") {
            let lines = file.code.lines(with: Pattern.wallClock)
            if Self.clockFiles.contains(file.path) { continue }
            #expect(lines.isEmpty, "\(file.path)")
        }
    }

    @Test("nothing is public, for nothing is published")
    func nothingIsPublic() {
        for file in Repository.swiftFiles(in: "Sources", "Tests", "Plugins") {
            #expect(file.code.lines(with: Pattern.publicAccess).isEmpty, "\(file.path)")
        }
    }

    @Test("what the compiler cannot check is in RedisClient alone, and says why it is safe")
    func uncheckedCodeIsExplained() {
        for file in Repository.swiftFiles(in: "Sources") {
            for number in file.code.lines(with: Pattern.unchecked) {
                #expect(file.path.hasPrefix("Sources/RedisClient/"), "\(file.path):\(number)")
                let before = file.lines[max(0, number - 10)..<number]
                #expect(before.contains { $0.contains("SAFETY:") }, "\(file.path):\(number) has no SAFETY comment")
            }
        }
    }

    @Test("tests wait for conditions: none of them sleeps for a fixed time")
    func testsDoNotSleep() {
        for file in Repository.swiftFiles(in: "Tests") {
            #expect(file.code.lines(with: Pattern.blindSleep).isEmpty, "\(file.path)")
        }
    }

    @Test("no test is switched off")
    func noTestIsOff() {
        for file in Repository.swiftFiles(in: "Tests") {
            #expect(file.code.lines(with: Pattern.switchedOff).isEmpty, "\(file.path)")
        }
    }

    @Test("nothing is left to do", arguments: ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"])
    func nothingIsLeftToDo(word: String) {
        for file in Repository.files where file.path != "LICENSE" {
            for (index, line) in file.lines.enumerated() where line.contains(word) {
                let words = line.split { !($0.isLetter || $0.isNumber) }
                #expect(!words.contains { $0 == word }, "\(file.path):\(index + 1)")
            }
        }
    }

    @Test("each rule notices what it forbids and leaves its neighbours alone")
    func theRulesBite() {
        let bad = [
            "let a = try! f()", "let b = c as! Int", "d!.e()", "let f = g[0]!", "h(i)!", "var j: Int!", "fatalError()",
        ]
        for line in bad { #expect(SwiftCode(line).lines(with: Pattern.forced) == [1], "\(line)") }
        let good = [
            "if a != b {}", "!c", "(!d)", "\"hey!\"", "// try! it", "/* as! */", "let e = #\"f!\"#", "try? g()",
        ]
        for line in good { #expect(SwiftCode(line).lines(with: Pattern.forced).isEmpty, "\(line)") }
        for line in ["print(a)", "debugPrint(b)", "  dump(c)"] {
            #expect(SwiftCode(line).lines(with: Pattern.printing) == [1], "\(line)")
        }
        for line in ["writer.print(a)", "fingerprint(b)", "let dump = c"] {
            #expect(SwiftCode(line).lines(with: Pattern.printing).isEmpty, "\(line)")
        }
        for line in [
            "Date()", "let a = Date.now", "clock_gettime(CLOCK_REALTIME, &t)", "Date(timeIntervalSinceNow: 1)",
        ] {
            #expect(SwiftCode(line).lines(with: Pattern.wallClock) == [1], "\(line)")
        }
        #expect(SwiftCode("ContinuousClock.now").lines(with: Pattern.wallClock).isEmpty)
        #expect(SwiftCode("usleep(5)").lines(with: Pattern.blindSleep) == [1])
        #expect(SwiftCode("public struct A {}").lines(with: Pattern.publicAccess) == [1])
    }
}

/// What the rules look for in code whose comments and strings are blank.
private enum Pattern {
    static var forced: Regex<Substring> {
        /\b(?:try|as)\x21|[\w)\x5D}]\x21(?!=)|\bfatalError\b/
    }

    static var printing: Regex<Substring> {
        /(?:^|[^.\w])(?:print|debugPrint|dump|NSLog)\(/
    }

    static var wallClock: Regex<Substring> {
        /\bDate(?:\(\)|\.now\b)|timeIntervalSinceNow|\b(?:gettimeofday|CLOCK_REALTIME|DispatchWallTime)\b|\btime\(nil\)/
    }

    static var publicAccess: Regex<Substring> {
        /(?:^|\s)(?:public|open)\s+(?:final|class|struct|enum|func|var|let|init|protocol|import|extension)\b/
    }

    static var unchecked: Regex<Substring> {
        /@unchecked|\bnonisolated\(unsafe\)|\bunsafeBitCast\b|@preconcurrency/
    }

    static var blindSleep: Regex<Substring> {
        /\b(?:usleep|sleep|nanosleep)\(|Thread\.sleep/
    }

    static var switchedOff: Regex<Substring> {
        /\.disabled\(|\bwithKnownIssue\b|\bXCTSkip\b/
    }
}
