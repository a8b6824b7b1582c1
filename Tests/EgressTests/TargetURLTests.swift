// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Testing

@Suite("Target URLs")
struct TargetURLTests {
    private func error(_ text: String) -> TargetURLError? {
        guard case .failure(let error) = TargetURL.parse(text) else { return nil }
        return error
    }

    @Test(
        "a URL is taken apart, and path and query stay as given",
        arguments: [
            ("https://a.test", "https://a.test", 443, "/"), ("https://a.test/", "https://a.test", 443, "/"),
            ("HTTPS://A.Test:443/X?y=%2f", "https://a.test", 443, "/X?y=%2f"),
            ("http://a.test:8080?x=1&y", "http://a.test:8080", 8_080, "/?x=1&y"),
            ("http://a.test:80/", "http://a.test", 80, "/"), ("http://a.test:443/", "http://a.test:443", 443, "/"),
            ("https://xn--bcher-kva.test/a/../b//c?", "https://xn--bcher-kva.test", 443, "/a/../b//c?"),
            ("https://a_b.test/@:!$&'()*+,;=~?/?", "https://a_b.test", 443, "/@:!$&'()*+,;=~?/?"),
            ("http://1.2.3.4:65535/", "http://1.2.3.4:65535", 65_535, "/"),
            ("http://[2001:DB8:0::1]:8443/x", "http://[2001:db8::1]:8443", 8_443, "/x"),
            ("http://[::FFFF:127.0.0.1]/", "http://127.0.0.1", 80, "/"),
            ("http://localhost/", "http://localhost", 80, "/"),
        ])
    func parts(text: String, origin: String, port: Int, target: String) throws {
        let url = try TargetURL.parse(text).get()
        #expect(url.text == text)
        #expect(url.origin == origin)
        #expect(url.port == port)
        #expect(url.target == target)
    }

    @Test(
        "an address that only some readers would read is refused",
        arguments: [
            "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0X7F000001", "127.1", "127.0.1", "1.2.3", "0",
            "00", "017700000001",
            "1.2.3.4.5", "256.256.256.256", "127.0.0.01", "127.0.0.1.", "a.1", "a.0x1", "999999999999", "0x",
            "1.2.3.4.",
        ])
    func oddAddresses(host: String) {
        for text in ["http://\(host)/", "https://\(host):8443/x", "http://\(host)"] {
            #expect(self.error(text) == .oddAddress, "\(text)")
        }
    }

    @Test(
        "what is no absolute URL of a host is refused for its reason",
        arguments: [
            ("", .badScheme), ("a.test", .badScheme), ("//a.test/", .badScheme), ("/x", .badScheme),
            ("ftp://a.test/", .badScheme),
            ("file:///etc/passwd", .badScheme), ("gopher://a.test/", .badScheme), ("unix:///x", .badScheme),
            ("http+unix://x/", .badScheme), ("https:/a.test/", .badScheme), ("https:a.test", .badScheme),
            (":", .badScheme),
            ("://a.test", .badScheme), ("https://", .missingHost), ("https:///x", .missingHost),
            ("https://:443/", .missingHost),
            ("https://?x", .missingHost), ("https://u@a.test/", .userInfo), ("https://u:p@a.test/", .userInfo),
            ("https://a.test:443@b.test/", .userInfo), ("https://@a.test/", .userInfo), ("https://a.test/#", .fragment),
            ("https://a.test/x#y", .fragment), ("https://a.test#@b.test/", .fragment), ("https://a.test:0/", .badPort),
            ("https://a.test:/", .badPort), ("https://a.test:65536/", .badPort), ("https://a.test:99999/", .badPort),
            ("https://a.test:+80/", .badPort), ("https://a.test:080/", .badPort), ("https://a.test:8x/", .badPort),
            ("https://a.test:1:2/", .badPort), ("https://a.test:6379/", .closedPort),
            ("http://a.test:25/", .closedPort),
            ("https://[::1/", .badHost), ("https://[fe80::1%25eth0]/", .badHost), ("https://[1.2.3.4]/", .badHost),
            ("https://[]/", .badHost), ("https://[::1]x/", .badHost), ("https://[::g]/", .badHost),
            ("https://a..test/", .badHost),
            ("https://.a.test/", .badHost), ("https://a.test./", .badHost), ("https://-a.test/", .badHost),
            ("https://a-.test/", .badHost), ("https://a!b.test/", .badHost), ("https://a%2etest/", .badHost),
            ("https://a]b/", .badHost), ("https://a.test/a%", .badEscape), ("https://a.test/%2", .badEscape),
            ("https://a.test/%zz", .badEscape), ("https://a.test/a b", .badCharacter),
            (" https://a.test/", .badCharacter),
            ("https://a.test/\r\nX: y", .badCharacter), ("https://a.test/\0", .badCharacter),
            ("https://a.test/\t", .badCharacter),
            ("https://a.test/\u{7f}", .badCharacter), ("https://bücher.test/", .badCharacter),
            ("https://a.test/ü", .badCharacter),
            ("https://a。test/", .badCharacter), ("https://a.test\\@b.test/", .badCharacter),
            ("https://a.test/{x}", .badCharacter),
            ("https://a.test/?x[]=1", .badCharacter), ("https://a.test/|", .badCharacter),
            ("https://a.test/\"", .badCharacter),
            ("https://a.test/^`<>", .badCharacter),
        ] as [(String, TargetURLError)])
    func refused(text: String, expected: TargetURLError) {
        #expect(self.error(text) == expected)
    }

    @Test("length is bounded, of the URL, of the name and of its labels")
    func lengths() {
        let prefix = "https://a.test/"
        let longest = prefix + String(repeating: "x", count: 2_048 - prefix.utf8.count)
        #expect(self.error(longest) == nil)
        #expect(self.error(longest + "x") == .tooLong)
        let label = String(repeating: "a", count: 63)
        #expect(self.error("https://\(label).test/") == nil)
        #expect(self.error("https://\(label)a.test/") == .badHost)
        let name = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
        #expect(self.error("https://\(name)/") == nil)
        #expect(self.error("https://\(name)a/") == .badHost)
    }

    @Test("messages quote nothing of the URL")
    func messages() {
        for error in TargetURLError.allCases { #expect(error.message.hasPrefix("the "), "\(error)") }
    }

    @Test(
        "Retry-After is seconds or a date",
        arguments: [
            ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Mon, 06 Nov 1995 08:49:00 GMT", 31_536_000),
            ("Wed, 29 Feb 2000 00:00:00 GMT", 31_622_400), ("99999999999999999999999", 31_622_400), ("", nil),
            ("-1", nil),
            ("1.5", nil), ("soon", nil), ("Sun, 32 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil),
            ("Sun, 06 Xxx 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
            ("Sun, +6 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Int?)])
    func retryAfter(text: String, seconds: Int?) {
        // 6 November 1994, 08:49:00.
        #expect(RetryAfter.seconds(text, now_s: 784_111_740) == seconds)
    }
}
