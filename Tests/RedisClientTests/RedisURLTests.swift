// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Testing

@Suite("Redis URLs")
struct RedisURLTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let url: String
        let endpoint: RedisConfiguration.Endpoint
        var user: String?
        var password: String?
        var database = 0
        var isTLS = false

        var testDescription: String { self.url }
    }

    static let good: [Good] = [
        Good(url: "redis://localhost", endpoint: .tcp(host: "localhost", port: 6379)),
        Good(url: "redis://localhost/", endpoint: .tcp(host: "localhost", port: 6379)),
        Good(url: "redis://10.0.0.1:7000/3", endpoint: .tcp(host: "10.0.0.1", port: 7000), database: 3),
        Good(url: "redis://[::1]:7000", endpoint: .tcp(host: "::1", port: 7000)),
        Good(url: "redis://[fe80::1%25eth0]", endpoint: .tcp(host: "fe80::1%25eth0", port: 6379)),
        Good(url: "redis://:pw@h", endpoint: .tcp(host: "h", port: 6379), password: "pw"),
        Good(url: "redis://u:pw@h:1/1", endpoint: .tcp(host: "h", port: 1), user: "u", password: "pw", database: 1),
        Good(url: "redis://u:p%40%2F%3a%C3%A9@h", endpoint: .tcp(host: "h", port: 6379), user: "u", password: "p@/:é"),
        Good(url: "redis://u:p:q@h", endpoint: .tcp(host: "h", port: 6379), user: "u", password: "p:q"),
        Good(url: "redis://u:p@q@h", endpoint: .tcp(host: "h", port: 6379), user: "u", password: "p@q"),
        Good(url: "rediss://cache.example.com", endpoint: .tcp(host: "cache.example.com", port: 6379), isTLS: true),
        Good(url: "redis://h:65535/65535", endpoint: .tcp(host: "h", port: 65535), database: 65535),
        Good(url: "unix:///run/redis.sock", endpoint: .unix(path: "/run/redis.sock")),
        Good(url: "unix:///run/redis.sock?db=2", endpoint: .unix(path: "/run/redis.sock"), database: 2),
        Good(url: "unix://u:p@/run/a@b.sock", endpoint: .unix(path: "/run/a@b.sock"), user: "u", password: "p"),
        Good(url: "unix:///run/my%20redis", endpoint: .unix(path: "/run/my redis")),
    ]

    @Test("A well-formed URL gives address, login, database and TLS", arguments: good)
    func wellFormed(_ row: Good) throws {
        let configuration = try RedisConfiguration(url: row.url)
        #expect(configuration.endpoint == row.endpoint)
        #expect(configuration.user == row.user)
        #expect(configuration.password == row.password)
        #expect(configuration.database == row.database)
        #expect((configuration.tls != nil) == row.isTLS)
    }

    static let bad: [(String, RedisURLError.Reason)] = [
        ("", .unknownScheme), ("localhost:6379", .unknownScheme), ("http://h", .unknownScheme),
        ("REDIS://h", .unknownScheme), ("redis:/h", .unknownScheme),
        ("redis://", .missingHost), ("redis://:6379", .missingHost), ("redis:///1", .missingHost),
        ("redis://[]", .missingHost),
        ("redis://h h", .badHost), ("redis://hé", .badHost), ("redis://[::1", .badHost), ("redis://[::1]7", .badHost),
        ("redis://h%41", .badHost),
        ("redis://h:", .badPort), ("redis://h:0", .badPort), ("redis://h:65536", .badPort), ("redis://h:-1", .badPort),
        ("redis://h:99999999999999999999", .badPort), ("redis://h:6a", .badPort), ("redis://[::1]:x", .badPort),
        ("redis://h/x", .badDatabase), ("redis://h/1/2", .badDatabase), ("redis://h/-1", .badDatabase),
        ("redis://h/65536", .badDatabase), ("unix:///s?db=", .badDatabase), ("unix:///s?db=x", .badDatabase),
        ("redis://u:%zz@h", .badEscape), ("redis://u:%4@h", .badEscape), ("redis://u:%FF@h", .badEscape),
        ("redis://u:a%00b@h", .badEscape), ("redis://u:%@h", .badEscape), ("redis://u:%+1@h", .badEscape),
        ("unix://", .missingPath), ("unix:///", .missingPath),
        ("unix://run/redis.sock", .relativePath), ("unix://u:p/q@/run/redis.sock", .relativePath),
        ("unix:///" + String(repeating: "x", count: 103), .pathTooLong),
        ("redis://h?db=1", .badQuery), ("redis://h/1?x", .badQuery), ("unix:///s?database=1", .badQuery),
        ("redis://:se/cret@h", .misplacedAt), ("redis://u@h", .userWithoutPassword), ("redis://u:@h", .emptyPassword),
        ("redis://:se#cret@h", .fragment),
    ]

    @Test("A malformed URL is refused with its own reason", arguments: bad)
    func malformed(_ url: String, _ reason: RedisURLError.Reason) {
        #expect(throws: RedisURLError.self) { try RedisConfiguration(url: url) }
        do {
            _ = try RedisConfiguration(url: url)
        } catch {
            #expect(error.reason == reason)
            #expect(error.description.count > 20)
        }
    }

    @Test("Every reason is met by at least one malformed URL")
    func reasonsAreCovered() {
        #expect(Set(Self.bad.map(\.1)) == Set(RedisURLError.Reason.allCases))
    }

    @Test("No description, dump or interpolation shows the password")
    func passwordIsHidden() throws {
        for url in ["redis://u:hunter2@h/1", "rediss://:hunter2@h", "unix://u:hunter2@/s"] {
            let configuration = try RedisConfiguration(url: url)
            var dumped = ""
            dump(configuration, to: &dumped)
            let shown = ["\(configuration)", String(reflecting: configuration), dumped, "\([configuration])"]
            #expect(shown.allSatisfy { !$0.contains("hunter2") && $0.contains("***") }, "\(shown)")
        }
    }

    @Test(
        "The description is the URL in full", arguments: ["redis://h:6379/0", "rediss://[::1]:1/2", "unix:///s?db=3"])
    func description(_ url: String) throws {
        #expect(try RedisConfiguration(url: url).description == url)
    }

    @Test("No error message repeats a part of a URL, which could be of a password")
    func messagesQuoteNothing() {
        for url in ["redis://:x/sw0rdfish@h", "redis://:sw0rdfish/@h", "redis://u:sw0rdfish%@h", "sw0rdfish"] {
            do {
                _ = try RedisConfiguration(url: url)
                Issue.record("accepted")
            } catch {
                #expect(!"\(error)".contains("sw0rdfish"))
            }
        }
    }
}
