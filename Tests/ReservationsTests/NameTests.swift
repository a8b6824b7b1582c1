// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Reservations
import Testing

@Suite("Names of resources, requesters and types")
struct NameTests {
    @Test(
        "Any visible text of at most 256 bytes is a name",
        arguments: [
            "job-42", " a ", "Equipment>IT", "caf\u{E9}", "cafe\u{301}", "日本", "a/b?c#d%2F", "{tag}", "__SYSTEM__",
            "\u{2028}x", "🔒", String(repeating: "x", count: 256), String(repeating: "é", count: 128),
        ])
    func accepted(text: String) throws {
        #expect(try ResourceName(text.utf8).bytes == [UInt8](text.utf8))
        #expect(try Requester(text.utf8).bytes == [UInt8](text.utf8))
        #expect(try ResourceType(text.utf8).bytes == [UInt8](text.utf8))
    }

    @Test(
        "Everything else is refused for a reason",
        arguments: [
            ("", .blank), (" ", .blank), ("\t \r\n", .blank), ("\u{A0}\u{3000}", .blank), ("\u{85}", .blank),
            ("a\nb", .controlCharacter), ("a\u{0}b", .controlCharacter), ("\u{7F}", .controlCharacter),
            ("a\u{80}", .controlCharacter), ("a\u{9F}", .controlCharacter), ("\u{1B}[2J", .controlCharacter),
            (String(repeating: "x", count: 257), .tooLong), (String(repeating: "é", count: 129), .tooLong),
        ] as [(String, NameProblem)])
    func refused(text: String, problem: NameProblem) {
        #expect(throws: problem) { try ResourceName(text.utf8) }
        #expect(throws: problem) { try Requester(text.utf8) }
        #expect(throws: problem) { try ResourceType(text.utf8) }
    }

    @Test(
        "Bytes that are no UTF-8 are refused", arguments: [[0xFF], [0x61, 0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: NameProblem.notUTF8) { try ResourceName(bytes) }
    }

    @Test("The first character past the C1 controls is allowed, being a space it needs company")
    func noBreakSpace() throws {
        #expect(try ResourceName("\u{A0}x".utf8).bytes.count == 3)
    }

    @Test("Nobody may call himself the system requester, but a resource may bear that name")
    func systemRequester() throws {
        #expect(throws: NameProblem.reserved) { try Requester("__system__".utf8) }
        #expect(try ResourceName("__system__".utf8).bytes == Requester.system)
    }

    @Test("Composed and decomposed spellings are two resources")
    func normalisation() throws {
        let composed = try ResourceName("caf\u{E9}".utf8)
        let decomposed = try ResourceName("cafe\u{301}".utf8)
        #expect(composed != decomposed)
    }
}

@Suite("Release tokens")
struct ReleaseTokenTests {
    @Test("A token reads back as itself, in either case")
    func readsBack() throws {
        let token = ReleaseToken.random()
        #expect(token.bytes.count == 36)
        #expect(ReleaseToken(token.bytes) == token)
        #expect(ReleaseToken(String(decoding: token.bytes, as: UTF8.self).uppercased().utf8) == token)
    }

    @Test("No two tokens are alike")
    func unique() {
        #expect(Set((0..<1_000).map { _ in ReleaseToken.random() }).count == 1_000)
    }

    @Test(
        "Text of another shape is no token",
        arguments: [
            "", "a3f8c2d1", "a3f8c2d1-4b5e-4c6d-8e7f-0123456789abc", "a3f8c2d1-4b5e-4c6d-8e7f-0123456789ag",
            "a3f8c2d104b5e04c6d08e7f00123456789ab", "a3f8c2d1-4b5e-4c6d-8e7f-012345678-ab",
        ])
    func malformed(text: String) {
        #expect(ReleaseToken(text.utf8) == nil)
    }
}
