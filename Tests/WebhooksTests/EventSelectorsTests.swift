// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Events
import SharedKernel
import Testing
import Webhooks

@Suite("Selectors of subscriptions")
struct EventSelectorsTests {
    @Test(
        "107: a scope filter is exact, a prefix with a rest, or anything; case counts",
        arguments: [
            ("tenant:a/*", "tenant:a/workspace:x", true), ("tenant:a/*", "tenant:a", false),
            ("tenant:a/*", "tenant:a/", false), ("tenant:a/*", "tenant:ab", false),
            ("tenant:a*", "tenant:ab", true), ("tenant:a*", "tenant:a", false),
            ("tenant:a", "tenant:a", true), ("tenant:a", "tenant:a/workspace:x", false),
            ("Tenant:a", "tenant:a", false), ("*", "tenant:a", true), ("*", nil, false), ("*", "", false),
            ("tenant:a", nil, false), ("", nil, true), (" \t", nil, true), ("", "tenant:a", true), (nil, nil, true),
            (nil, "tenant:a", true), ("tenant:*:x", "tenant:a:x", false),
        ] as [(String?, String?, Bool)])
    func scopes(filter: String?, scope: String?, expected: Bool) throws {
        let selectors = EventSelectors(
            types: [bytes("budget.funded")], categories: [], scopeFilter: filter.map(bytes))
        #expect(selectors.coversScope(scope.map(bytes)) == expected)
        let type = try #require(EventType("budget.funded"))
        let acme = try #require(TenantID("acme"))
        #expect(selectors.match(type, scope: scope.map(bytes), of: acme, owner: acme) == expected)
    }

    @Test(
        "108: types and categories add up; events of the Reservation API are to be named by type",
        arguments: [
            ([], ["budget"], "budget.funded", true), (["tenant.closed"], ["budget"], "tenant.closed", true),
            (["tenant.closed"], ["budget"], "tenant.created", false), (["budget.funded"], [], "budget.debited", false),
            ([], ["reservation"], "reservation.denied", true),
            ([], ["reservation"], "custom.resource.reserved", false),
            (["custom.resource.reserved"], [], "custom.resource.reserved", true),
            (["custom.resource.reserved"], ["reservation"], "custom.resource.released", false),
            ([], [], "budget.funded", false),
        ] as [([String], [String], String, Bool)])
    func additive(types: [String], categories: [String], type: String, expected: Bool) throws {
        let selectors = EventSelectors(types: types.map(bytes), categories: categories.map(bytes))
        #expect(selectors.selects(try #require(EventType(bytes(type)))) == expected)
    }

    @Test("109, 110: a tenant is sent its own events and never the operator's, the operator those of all")
    func ownership() throws {
        let (acme, other) = (try #require(TenantID("acme")), try #require(TenantID("other")))
        for type in EventType.all {
            // Rows like these cannot be written; should one be there all the same, it gets nothing by it.
            let selectors = EventSelectors(types: [type.text], categories: [bytes(type.category.rawValue)])
            #expect(selectors.match(type, scope: nil, of: acme, owner: acme) == type.isForTenants, "\(type)")
            #expect(!selectors.match(type, scope: nil, of: other, owner: acme))
            #expect(!selectors.match(type, scope: nil, of: .system, owner: acme))
            #expect(selectors.match(type, scope: nil, of: acme, owner: .system))
            #expect((selectors.operatorsOnly == nil) == type.isForTenants)
        }
        #expect(EventType.all.filter(\.isForTenants).count == 29)
        #expect(EventSelectors(types: [], categories: [bytes("no such")]).operatorsOnly == bytes("no such"))
        #expect(EventSelectors(types: [bytes("no.such")], categories: []).operatorsOnly == bytes("no.such"))
    }

    @Test("what a subscription asks of the hot path follows from what it selects, while it is active")
    func asks() {
        func terms(_ types: [String], _ categories: [String] = []) -> SubscriptionTerms {
            SubscriptionTerms(
                url: bytes("https://x.example"),
                selectors: EventSelectors(types: types.map(bytes), categories: categories.map(bytes)))
        }
        func asks(_ terms: SubscriptionTerms, _ status: SubscriptionStatus = .active) -> String {
            String(decoding: SubscriptionAsks(terms, status: status).json, as: UTF8.self)
        }
        let burn = #""burn":[{"multiplier":3,"window_s":300}]"#
        #expect(asks(terms(["budget.funded"])).isEmpty)
        #expect(asks(terms(["budget.threshold_crossed"])) == #"{"thresholds":[0.8,0.95,1]}"#)
        #expect(asks(terms(["budget.burn_rate_anomaly"])) == "{\(burn)}")
        #expect(asks(terms([], ["budget"])) == #"{"thresholds":[0.8,0.95,1],"# + burn + "}")
        #expect(asks(terms([], ["budget"]), .paused).isEmpty)
        #expect(asks(terms([], ["reservation"])).isEmpty)
        #expect(asks(terms(["custom.resource.expired"])) == #"{"resources":true}"#)
    }
}

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
