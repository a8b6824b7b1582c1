// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Synchronization
import Testing

/// A resolver that gives a list of answers for a name, one after the other; the last one stays.
final class StubResolver: HostResolver {
    typealias Answer = Result<[String], LookupFailure>

    private let answers: Mutex<[String: [Answer]]>
    private let asked = Mutex<[String]>([])

    init(_ answers: [String: [Answer]]) { self.answers = Mutex(answers) }

    convenience init(_ answers: [String: String]) { self.init(answers.mapValues { [.success([$0])] }) }

    /// The names asked for, in order.
    var names: [String] { self.asked.withLock { $0 } }

    func addresses(of name: String, within limit: Duration) async throws(LookupFailure) -> [IPAddress] {
        self.asked.withLock { $0.append(name) }
        let answer = self.answers.withLock { answers -> Answer in
            guard let list = answers[name], let first = list.first else { return .failure(.unknownName) }
            if list.count > 1 { answers[name] = Array(list.dropFirst()) }
            return first
        }
        return try answer.get().compactMap { IPAddress($0) }
    }
}

@Suite("Target guard")
struct GuardTests {
    private func reason(_ result: Result<VettedTarget, EgressRefusal>) -> EgressRefusal.Reason? {
        guard case .failure(let refusal) = result else { return nil }
        return refusal.reason
    }

    @Test("81: http is refused unless it is allowed, and so is every address that is not public")
    func schemesAndAddresses() async {
        let resolver = StubResolver(["a.test": "1.2.3.4"])
        let guardian = TargetGuard(resolver: resolver)
        #expect(self.reason(await guardian.vet("http://a.test/", EgressPolicy())) == .schemeClosed)
        #expect(self.reason(await guardian.vet("http://a.test/", EgressPolicy(allowsHTTP: true))) == nil)
        #expect(self.reason(await guardian.vet("https://a.test/", EgressPolicy())) == nil)
        for host in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"] {
            #expect(self.reason(await guardian.vet("https://\(host)/", EgressPolicy())) == .addressClosed, "\(host)")
        }
        #expect(resolver.names == ["a.test", "a.test"], "an address is not looked up, a closed scheme asks nobody")
        #expect(self.reason(await guardian.vet("https://0177.0.0.1/", EgressPolicy())) == .malformed(.oddAddress))
    }

    @Test("a name is looked up once, and all its addresses have to be open")
    func mixedAnswers() async throws {
        let resolver = StubResolver([
            "good.test": [.success(["1.2.3.4", "2606:4700::1", "::ffff:1.2.3.5"])],
            "mixed.test": [.success(["1.2.3.4", "10.0.0.1"])], "six.test": [.success(["1.2.3.4", "fd00::1"])],
            "empty.test": [.success([])],
        ])
        let guardian = TargetGuard(resolver: resolver)
        let target = try await guardian.vet("https://good.test/x", EgressPolicy()).get()
        #expect(target.addresses.map(\.description) == ["1.2.3.4", "2606:4700::1", "1.2.3.5"])
        #expect(target.url.text == "https://good.test/x")
        #expect(resolver.names == ["good.test"])
        for name in ["mixed.test", "six.test"] {
            let result = await guardian.vet("https://\(name)/?secret", EgressPolicy())
            guard case .failure(let refusal) = result else {
                Issue.record("\(name) is open")
                continue
            }
            #expect(refusal.reason == .addressClosed && !refusal.isTransient)
            #expect(refusal.message == "the host in the URL has an address that webhooks may not reach")
            #expect(refusal.detail?.contains("private") == true || refusal.detail?.contains("local") == true)
        }
        #expect(self.reason(await guardian.vet("https://empty.test/", EgressPolicy())) == .lookup(.unknownName))
    }

    @Test("a name that cannot be looked up is refused, and said to be worth another try or not")
    func failedLookups() async {
        let resolver = StubResolver(["slow.test": [.failure(.timedOut)], "down.test": [.failure(.unavailable)]])
        let guardian = TargetGuard(resolver: resolver)
        for (name, failure, again) in [
            ("slow.test", LookupFailure.timedOut, true), ("down.test", .unavailable, true),
            ("no.test", .unknownName, false),
        ] {
            guard case .failure(let refusal) = await guardian.vet("https://\(name)/", EgressPolicy()) else {
                Issue.record("\(name) is open")
                continue
            }
            #expect(refusal.reason == .lookup(failure))
            #expect(refusal.isTransient == again)
        }
    }

    @Test("patterns are held against the whole URL before anything is looked up")
    func patterns() async {
        let resolver = StubResolver(["a.test": "1.2.3.4"])
        let guardian = TargetGuard(resolver: resolver)
        let policy = EgressPolicy(allowedURLPatterns: ["https://a.test/hooks/*"])
        #expect(self.reason(await guardian.vet("https://a.test/hooks/1", policy)) == nil)
        #expect(self.reason(await guardian.vet("https://a.test/other", policy)) == .noPatternMatches)
        #expect(resolver.names == ["a.test"])
    }

    @Test("the system's resolver knows localhost, and says of a name that cannot exist that nobody knows it")
    func systemResolver() async throws {
        let resolver = SystemResolver()
        let found = try await resolver.addresses(of: "localhost", within: .seconds(60)).map(\.description)
        #expect(found.contains("127.0.0.1") || found.contains("::1"))
        let failure = await #expect(throws: LookupFailure.self) {
            try await resolver.addresses(of: "a.invalid", within: .seconds(60))
        }
        #expect(failure == .unknownName || failure == .unavailable || failure == .timedOut)
        #expect(
            self.reason(await TargetGuard(resolver: resolver).vet("https://localhost/", EgressPolicy()))
                == .addressClosed)
    }

    @Test("many lookups at once wait for their turn, and no time at all is too little")
    func manyLookups() async {
        let resolver = SystemResolver(lookupsAtOnce: 2)
        let found = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    (try? await resolver.addresses(of: "localhost", within: .seconds(60)))?.isEmpty == false
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(found == 200)
        let stuck = SystemResolver(lookupsAtOnce: 0)
        await #expect(throws: LookupFailure.timedOut) {
            try await stuck.addresses(of: "localhost", within: .milliseconds(20))
        }
    }
}
