// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Compares a script's header with the code it heads.
struct BodyChecks {
    let header: ScriptHeader
    let script: LuaSource
    let includes: [LuaSource]

    /// Everything in which header and code disagree.
    func problems() -> [BundleProblem] {
        let files = includes + [script]
        return files.flatMap { indexProblems(in: $0, array: "KEYS", declared: header.keys) }
            + files.flatMap { indexProblems(in: $0, array: "ARGV", declared: header.arguments) }
            + undeclaredReplies() + unusedReplies()
    }

    /// Literal indices that the header does not cover: in Lua they would read nil.
    private func indexProblems(
        in source: LuaSource, array: StaticString, declared: DeclaredParameters
    ) -> [BundleProblem] {
        source.code.indices.compactMap { index -> BundleProblem? in
            guard source.code(at: index, is: array), source.code(at: index + 1, is: "["),
                source.code(at: index + 3, is: "]"), source.code[index + 2].kind == .number
            else { return nil }
            let token = source.code[index + 2]
            let digits = String(decoding: source.text(of: token), as: UTF8.self)
            let position = Int(digits) ?? 0
            let last = declared.isVariadic ? Int.max : declared.names.count
            guard position < 1 || position > last else { return nil }
            return source.problem(token.line, "\(array)[\(digits)]: the header declares \(declared.names.count)")
        }
    }

    /// Words that the body replies with and the header does not name.
    private func undeclaredReplies() -> [BundleProblem] {
        let declared = Set(header.replies.map(\.word))
        return script.code.indices.compactMap { index -> BundleProblem? in
            guard script.code(at: index, is: "return"), script.code(at: index + 1, is: "{"),
                let word = script.quotedText(at: index + 2), word.isReplyWord, !declared.contains(word)
            else { return nil }
            return script.problem(script.code[index + 2].line, "reply \(word) is not declared in the header")
        }
    }

    /// Words that the header names and no line can reply with.
    private func unusedReplies() -> [BundleProblem] {
        let words = Set((includes + [script]).flatMap { file in file.code.indices.compactMap(file.quotedText(at:)) })
        return zip(header.replies, header.replyLines).compactMap { reply, line in
            words.contains(reply.word) ? nil : script.problem(line, "reply \(reply.word) appears nowhere in the script")
        }
    }
}

extension LuaSource {
    /// What stands between the quotes of `code[index]`, nil when that is no quoted string.
    func quotedText(at index: Int) -> String? {
        guard code.indices.contains(index), code[index].kind == .string else { return nil }
        let text = text(of: code[index])
        guard text.first != UInt8(ascii: "[") else { return nil }
        return String(decoding: text.dropFirst().dropLast(), as: UTF8.self)
    }
}
