// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The clock of scripts under test: a key that holds microseconds since the epoch, in place of Redis' TIME.
///
/// It replaces the command itself and not an include, so that the arithmetic on its reply is tested too and scripts
/// that ask for the time without the include are covered. Lifetimes of keys still run by the real clock.
package enum TestClock {
    /// The key; no snapshot shows it.
    package static let key: ByteText = "hf:test:clock"

    private static let preamble = """
        local function test_time() local us = redis.call('GET', 'hf:test:clock') + 0 \
        local s = math.floor(us / 1000000) \
        return {string.format('%.0f', s), string.format('%.0f', us - s * 1000000)} end
        """

    /// The text of a bundle with every call of TIME replaced by a look at the key.
    static func swapped(_ source: String, of name: String) throws(TestClockFault) -> String {
        guard source.contains("'TIME'") else { return source }
        var lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for index in lines.indices {
            for call in ["redis.call('TIME')", "call('TIME')"] {
                lines[index] = lines[index].replacing(call, with: "test_time()")
            }
            if lines[index].contains("TIME'") { throw TestClockFault(scriptName: name, line: index + 1) }
        }
        // On the line of the first statement, so that the line map of the bundle stays true.
        if lines.count > 1 { lines[1] = Self.preamble + " " + lines[1] }
        return lines.joined(separator: "\n")
    }
}

/// A script asks for the time in a way that the test clock does not know.
package struct TestClockFault: Error, Sendable, CustomStringConvertible {
    let scriptName: String
    let line: Int

    package var description: String {
        "\(self.scriptName), line \(self.line) of the bundle: cannot replace this use of TIME"
    }
}
