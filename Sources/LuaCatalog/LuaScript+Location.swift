// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

extension LuaScript {
    /// The file and line behind a line of `source`, such as `lua/budget/reserve.lua:40`.
    ///
    /// Lines that come from no file are given as lines of the bundle. Reads the whole line map: for errors only.
    package func location(ofLine line: Int) -> String {
        var found: (file: Substring, bundleLine: Int, fileLine: Int)?
        for segment in lineMap.split(separator: " ") {
            let parts = segment.split(separator: "@")
            guard parts.count == 2 else { continue }
            for pair in parts[1].split(separator: ",") {
                let numbers = pair.split(separator: ":").compactMap { Int($0) }
                guard numbers.count == 2, numbers[0] <= line else { continue }
                found = (parts[0], numbers[0], numbers[1])
            }
        }
        let lineCount = source.utf8.count { $0 == UInt8(ascii: "\n") } + 1
        guard let found, line <= lineCount else { return "\(name) (line \(line) of the bundle)" }
        return "\(found.file):\(found.fileLine + line - found.bundleLine)"
    }

    /// The message of a Redis error with every `user_script:12` replaced by the file and line it means.
    package func translate(errorMessage: String) -> String {
        let marker = "user_script:"
        var rest = errorMessage[...]
        var translated = ""
        while let range = rest.firstRange(of: marker) {
            let digits = rest[range.upperBound...].prefix { $0.isASCII && $0.isWholeNumber }
            var before = rest[..<range.lowerBound]
            if let line = Int(digits) {
                // Redis writes `@user_script:12` at the end of a message and `user_script:12` at its start.
                if before.hasSuffix("@") {
                    before = before.dropLast()
                }
                translated += before + location(ofLine: line)
            } else {
                translated += before + marker + digits
            }
            rest = rest[digits.endIndex...]
        }
        return translated + rest
    }
}
