// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

/// Where commands write to. Each call is one write, so that lines of several writers do not mix.
enum Terminal {
    /// Results, which another program may read.
    static func output(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// Everything that is said to a person.
    static func message(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
