// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Reads and checks the comment block at the top of a script.
struct HeaderParser {
    private enum Section: String, CaseIterable {
        case keys = "KEYS"
        case arguments = "ARGV"
        case replies = "REPLIES"
        case events = "EVENTS"
        case complexity = "COMPLEXITY"

        static let mandatory: [Section] = [.keys, .arguments, .replies]
    }

    private enum Part: Equatable {
        case summary
        case prose
        case section(Section)
        /// Below a heading that is not known or comes twice; its lines are not worth further complaints.
        case rejectedSection
    }

    private let source: LuaSource
    private let scriptName: String
    private var header = ScriptHeader()
    private var problems: [BundleProblem] = []
    private var part = Part.summary
    private var seen: Set<Section> = []
    private var fields: Set<String> = []
    /// How far the entries of the current section are indented; deeper lines continue an entry's text.
    private var entryIndent: Int?
    private var saidNone = false
    /// Whether REPLIES has a line, right or wrong.
    private var hasReplyEntries = false

    /// The header of a script, or every mistake in it.
    static func parse(_ source: LuaSource, scriptName: String) throws(BundleFault) -> ScriptHeader {
        var parser = HeaderParser(source: source, scriptName: scriptName)
        parser.run()
        guard parser.problems.isEmpty else { throw BundleFault(parser.problems) }
        return parser.header
    }

    private init(source: LuaSource, scriptName: String) {
        self.source = source
        self.scriptName = scriptName
    }

    private mutating func run() {
        guard let block = headerBlock() else {
            problems.append(source.problem(1, "the script does not start with a --[[ header ]]"))
            return
        }
        for (line, text) in lines(of: block) {
            read(text, line: line)
        }
        closeSection()
        if header.summary.isEmpty {
            reject(block.line, "the header does not start with \"\(scriptName): \" and a sentence")
        }
        if !fields.contains("retry") {
            reject(block.line, "the header has no retry: keyed, safe, or never")
        }
        for section in Section.mandatory where !seen.contains(section) {
            reject(block.line, "the header has no \(section.rawValue) section")
        }
        if seen.contains(.replies), !hasReplyEntries {
            reject(block.line, "the REPLIES section declares no reply")
        }
    }

    /// The first long comment, provided that only line comments stand above it.
    private func headerBlock() -> LuaToken? {
        for token in source.tokens {
            guard token.kind == .comment else { return nil }
            if LuaLexer.longBracketLevel(in: source.bytes, at: token.range.lowerBound + 2) != nil {
                return token
            }
        }
        return nil
    }

    private func lines(of block: LuaToken) -> [(line: Int, text: String)] {
        let start = block.range.lowerBound + 2
        let bracket = (LuaLexer.longBracketLevel(in: source.bytes, at: start) ?? 0) + 2
        let text = source.bytes[start + bracket..<block.range.upperBound - bracket]
        return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
            .map { (block.line + $0.offset, String(decoding: $0.element, as: UTF8.self)) }
    }

    private mutating func read(_ text: String, line: Int) {
        let indent = text.prefix { $0 == " " || $0 == "\t" }.count
        let content = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if content.isEmpty {
            if part == .summary, !header.summary.isEmpty {
                part = .prose
            }
        } else if case .section(let section) = part, indent > 0 {
            readEntry(text, indent: indent, in: section, line: line)
        } else if part == .rejectedSection, indent > 0 {
            return
        } else if part == .summary, header.summary.isEmpty {
            readSummary(content, line: line)
        } else if indent == 0, content.isReplyWord {
            openSection(content, line: line)
        } else if case .section(let section) = part {
            reject(line, "text in the \(section.rawValue) section must be indented")
        } else if indent == 0, let colon = text.firstIndex(of: ":"), String(text[..<colon]).isSnakeCaseName {
            readField(String(text[..<colon]), value: Self.head(of: text[text.index(after: colon)...]), line: line)
            part = .prose
        } else if part == .summary {
            header.summary += " " + content
        }
    }

    private mutating func readSummary(_ content: String, line: Int) {
        let prefix = scriptName + ": "
        guard content.hasPrefix(prefix) else {
            reject(line, "the header does not start with \"\(prefix)\" and a sentence")
            // Stands in for the sentence, so that the same complaint is not made twice.
            header.summary = content
            return
        }
        header.summary = String(content.dropFirst(prefix.count))
    }

    private mutating func readField(_ name: String, value: [String], line: Int) {
        guard fields.insert(name).inserted else {
            reject(line, "\(name): is given twice")
            return
        }
        switch name {
        case "retry":
            guard value.count == 1, let retry = DeclaredRetry(rawValue: value[0]) else {
                reject(line, "retry: must be keyed, safe, or never")
                return
            }
            header.retry = retry
        case "flags":
            for flag in value where !ScriptHeader.knownFlags.contains(flag) {
                reject(line, "unknown flag \(flag); known: \(ScriptHeader.knownFlags.joined(separator: ", "))")
            }
            if value.isEmpty || Set(value).count != value.count {
                reject(line, "flags: must name each flag once; leave the line out when there is none")
            }
            header.flags = value
        default:
            reject(line, "unknown header field \(name):; known: retry, flags")
        }
    }

    private mutating func openSection(_ title: String, line: Int) {
        closeSection()
        guard let section = Section(rawValue: title) else {
            let known = Section.allCases.map(\.rawValue).joined(separator: ", ")
            reject(line, "unknown header section \(title); known: \(known)")
            part = .rejectedSection
            return
        }
        guard seen.insert(section).inserted else {
            reject(line, "the header has two \(title) sections")
            part = .rejectedSection
            return
        }
        part = .section(section)
    }

    private mutating func closeSection() {
        entryIndent = nil
        saidNone = false
    }

    private mutating func readEntry(_ text: String, indent: Int, in section: Section, line: Int) {
        if let entryIndent, indent > entryIndent { return }
        entryIndent = indent
        switch section {
        case .keys: readParameter(text, of: section, into: \.keys, line: line)
        case .arguments: readParameter(text, of: section, into: \.arguments, line: line)
        case .replies: readReply(text, line: line)
        case .events, .complexity: break
        }
    }

    private mutating func readParameter(
        _ text: String, of section: Section, into list: WritableKeyPath<ScriptHeader, DeclaredParameters>, line: Int
    ) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let count = header[keyPath: list].names.count
        if words[0] == "none", count == 0, !saidNone {
            saidNone = true
            return
        }
        guard !saidNone else {
            reject(line, "the \(section.rawValue) section says none and then names one")
            return
        }
        guard !header[keyPath: list].isVariadic else {
            reject(line, "nothing can follow the repeated entry of \(section.rawValue)")
            return
        }
        let isRepeated = words[0].hasSuffix("..")
        let number = isRepeated ? String(words[0].dropLast(2)) : words[0]
        guard number == String(count + 1) else {
            reject(line, "expected entry \(count + 1) of \(section.rawValue), found \"\(words[0])\"")
            return
        }
        guard words.count > 1, words[1].isSnakeCaseName else {
            reject(line, "entry \(number) of \(section.rawValue) has no snake_case name")
            return
        }
        if header[keyPath: list].names.contains(words[1]) {
            reject(line, "\(words[1]) is named twice in \(section.rawValue)")
        }
        header[keyPath: list].names.append(words[1])
        header[keyPath: list].isVariadic = isRepeated
    }

    private mutating func readReply(_ text: String, line: Int) {
        hasReplyEntries = true
        let words = Self.head(of: text[...])
        guard words[0].isReplyWord else {
            reject(line, "a reply starts with an upper-case word, not \"\(words[0])\"")
            return
        }
        guard !header.replies.contains(where: { $0.word == words[0] }) else {
            reject(line, "reply \(words[0]) is declared twice")
            return
        }
        var names = Array(words.dropFirst())
        let isVariadic = names.last?.hasSuffix("..") ?? false
        if isVariadic, let last = names.popLast() {
            names.append(String(last.dropLast(2)))
        }
        for name in names where !name.isSnakeCaseName {
            reject(line, "\"\(name)\" is no field name; separate fields by one space and text by two")
        }
        header.replies.append(DeclaredReply(word: words[0], fields: names, isVariadic: isVariadic))
        header.replyLines.append(line)
    }

    /// The words before the first double space: what a program reads, where the rest is for people.
    private static func head(of text: Substring) -> [String] {
        let start = text.drop { $0 == " " || $0 == "\t" }
        let end = start.firstRange(of: "  ")?.lowerBound ?? start.endIndex
        return start[..<end].split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private mutating func reject(_ line: Int, _ message: String) {
        problems.append(source.problem(line, message))
    }
}
