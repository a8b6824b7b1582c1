// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Testing

@Suite("Egress policy")
struct PolicyTests {
    /// The ranges that a stored configuration blocks when nobody has changed it.
    private static let blockedByDefault = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7",
    ]

    private func refusal(_ text: String, open: [String] = [], blocked: [String] = []) throws -> String? {
        let policy = EgressPolicy(
            openRanges: open.compactMap { CIDRRange($0) }, blocked: blocked.compactMap { CIDRRange($0) })
        return policy.refusal(of: try #require(IPAddress(text), "\(text)"))
    }

    @Test(
        "81: whatever is not the public internet is closed, however it is disguised",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0.0.0.0",
            "::ffff:169.254.169.254", "::7f00:1", "::10.0.0.1", "::2", "64:ff9b::8.8.8.8", "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "64:ff9b:1:ffff::8.8.8.8", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1", "2002:a9fe:a9fe::",
            "2001::1",
            "2001:0:ffff::1", "2001:db8::1", "100::1", "fc00::1", "fd12:3456::1", "fd00:ec2::254", "fe80::1", "febf::1",
            "fec0::1", "ff02::1", "ffff::1",
        ])
    func closed(text: String) throws {
        #expect(try self.refusal(text) != nil)
        #expect(try self.refusal(text, blocked: Self.blockedByDefault) != nil)
    }

    @Test(
        "the public internet is open, up to the borders of what is not",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.0.3.1",
            "192.167.255.255",
            "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.1", "223.255.255.255", "168.63.129.17",
            "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "2002:808:808::1", "::8.8.8.8", "2001:4860::8888",
            "64:ff9c::1", "100:0:0:1::1",
        ])
    func open(text: String) throws {
        #expect(try self.refusal(text) == nil)
        #expect(try self.refusal(text, blocked: Self.blockedByDefault) == nil)
    }

    @Test("a private target is open only if it is named and not blocked")
    func opening() throws {
        #expect(try self.refusal("127.0.0.1", open: ["127.0.0.0/8"]) == nil)
        #expect(try self.refusal("::ffff:127.0.0.1", open: ["127.0.0.0/8"]) == nil)
        #expect(try self.refusal("::1", open: ["::1/128"]) == nil)
        #expect(try self.refusal("::1", open: ["127.0.0.0/8"]) != nil)
        #expect(try self.refusal("10.0.0.1", open: ["127.0.0.0/8"]) != nil)
        #expect(try self.refusal("127.0.0.1", open: ["127.0.0.0/8"], blocked: Self.blockedByDefault) != nil)
        #expect(try self.refusal("::ffff:127.0.0.1", open: ["127.0.0.0/8"], blocked: ["127.0.0.0/8"]) != nil)
        #expect(try self.refusal("127.0.0.1", open: ["127.0.0.0/8"], blocked: ["::ffff:127.0.0.1/128"]) != nil)
        // Another way to an open address is still another way.
        #expect(try self.refusal("2002:7f00:1::", open: ["127.0.0.0/8"]) != nil)
        #expect(try self.refusal("2002:7f00:1::", open: ["2002::/16"]) == nil)
    }

    @Test("the configuration blocks public ranges too, and the addresses that lead to them")
    func blocking() throws {
        for text in ["8.8.8.8", "::ffff:8.8.8.8", "2002:808:808::1", "::8.8.8.8", "64:ff9b::8.8.8.8"] {
            #expect(try self.refusal(text, open: ["64:ff9b::/96"], blocked: ["8.8.0.0/16"]) != nil, "\(text)")
        }
        #expect(try self.refusal("8.9.8.8", blocked: ["8.8.0.0/16"]) == nil)
        #expect(try self.refusal("2606:4700::1", blocked: ["2606:4700::/32"]) != nil)
    }

    @Test(
        "what a cloud's credentials are handed out at cannot be opened",
        arguments: [
            "169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1", "::ffff:169.254.1.1",
        ])
    func neverOpened(text: String) throws {
        let everything = ["0.0.0.0/0", "::/0"]
        #expect(try self.refusal(text, open: everything) != nil)
        #expect(try self.refusal("10.0.0.1", open: everything) == nil)
    }

    @Test("every line of the tables of ranges is a range")
    func tables() {
        #expect(ClosedRanges.all.count == 30)
        #expect(ClosedRanges.neverOpened.count == 5)
    }

    @Test(
        "a pattern has to match the whole URL, and a star is any characters",
        arguments: [
            ("https://a.test/hook", "https://a.test/hook", true), ("https://a.test/hook", "https://a.test/hoo", false),
            ("https://a.test/hook", "ttps://a.test/hook", false), ("https://a.test/hook", "*", true),
            ("https://a.test/hook", "https://*.test/*", true), ("https://a.test/hook", "https://*.test", false),
            ("https://a.test/hook", "*hook", true), ("https://a.test/hook", "https*hook*", true),
            ("https://a.test/hook", "**a**", true), ("https://a.test/hook", "", false),
            ("https://a.test/aXbXc", "*X*X*X*", false), ("https://a.test/aXbXc", "*X*X*", true),
            ("https://a.test/hook", "https://a?test/hook", false), ("https://A.test/", "https://a.test/", false),
        ])
    func patterns(url: String, pattern: String, matches: Bool) {
        #expect(EgressPolicy(allowedURLPatterns: [pattern]).allows(url: url) == matches)
        #expect(EgressPolicy(allowedURLPatterns: ["https://other.test/*", pattern]).allows(url: url) == matches)
    }

    @Test("no pattern allows any URL, and a pattern of many stars costs little")
    func manyStars() {
        #expect(EgressPolicy().allows(url: "https://a.test/"))
        let url = "https://a.test/" + String(repeating: "a", count: 2_000)
        let pattern = String(repeating: "*a", count: 200) + "b"
        #expect(!EgressPolicy(allowedURLPatterns: [pattern]).allows(url: url))
    }
}
