// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Testing

@Suite("Addresses and ranges")
struct AddressTests {
    @Test(
        "canonical texts are read and written back",
        arguments: [
            "0.0.0.0", "1.2.3.4", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "fe80::1:0:0:1",
            "1:2:3:4:5:6:7:8", "1:0:2::", "::ffff:127.0.0.1", "64:ff9b::102:304", "1:0:0:2::3", "a:b:c:d:e:f:0:1",
        ])
    func roundTrip(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == text)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(
        "other spellings mean the same address",
        arguments: [
            ("0:0:0:0:0:0:0:1", "::1"), ("::FFFF:1.2.3.4", "::ffff:1.2.3.4"), ("::ffff:102:304", "::ffff:1.2.3.4"),
            ("1::0", "1::"), ("::1.2.3.4", "::102:304"), ("0001:0002::", "1:2::"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ])
    func otherSpellings(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(
        "what two readers could read in two ways is no address",
        arguments: [
            "", "1", "127.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0177.0.0.1", "0x7f.0.0.1", "2130706433",
            "1.2.3.4 ", " 1.2.3.4", "1.2.3.4.", "+1.2.3.4", "1..2.3", "-1.2.3.4", "1.2.3.0004", ":", ":::", "1:2",
            "1::2::3",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", ":1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8:", "fe80::1%eth0", "[::1]", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4",
            "::0x1", "١.2.3.4",
        ])
    func noAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("only 4 or 16 bytes are an address")
    func bytes() {
        #expect(IPAddress(bytes: [127, 0, 0, 1])?.description == "127.0.0.1")
        for count in [0, 3, 5, 15, 17] { #expect(IPAddress(bytes: [UInt8](repeating: 1, count: count)) == nil) }
    }

    @Test(
        "a range holds its first and last address and not their neighbours",
        arguments: [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["9.255.255.255", "11.0.0.0", "a00::"]),
            ("172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]),
            ("1.2.3.4/32", ["1.2.3.4"], ["1.2.3.5", "1.2.3.3"]),
            ("1.2.3.4/31", ["1.2.3.4", "1.2.3.5"], ["1.2.3.6", "1.2.3.3"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "::ffff:8.8.8.8"], ["::1", "2001:db8::1"]),
            ("::1/128", ["::1"], ["::2", "::", "0.0.0.1"]),
            ("fc00::/7", ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["fbff::1", "fe00::"]),
            ("::/0", ["::", "ffff::", "::ffff:1.2.3.4"], ["1.2.3.4"]),
            ("10.9.8.7/8", ["10.0.0.1"], ["11.0.0.1"]),
            ("::ffff:10.0.0.0/104", ["10.1.2.3", "::ffff:10.1.2.3"], ["11.1.2.3", "::10.1.2.3"]),
        ])
    func ranges(text: String, inside: [String], outside: [String]) throws {
        let range = try #require(CIDRRange(text))
        for text in inside { #expect(range.contains(try #require(IPAddress(text))), "\(text)") }
        for text in outside { #expect(!range.contains(try #require(IPAddress(text))), "\(text)") }
    }

    @Test("a range is written canonically")
    func rangeText() {
        #expect(CIDRRange("10.9.8.7/8")?.description == "10.0.0.0/8")
        #expect(CIDRRange("2001:DB8:1::/32")?.description == "2001:db8::/32")
        #expect(CIDRRange("::ffff:10.0.0.0/104")?.description == "10.0.0.0/8")
    }

    @Test(
        "a bad text is no range",
        arguments: [
            "", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10/8",
            "10.0.0.0/8/8", "10.0.0.0/ 8", " 10.0.0.0/8", "10.0.0.0/8 ", "::/129", "::/1000", "fe80::%1/10", "x/8",
            "10.0.0.0/255.0.0.0", "10.0.0.0/٨",
        ])
    func badRange(text: String) {
        #expect(CIDRRange(text) == nil)
    }
}
