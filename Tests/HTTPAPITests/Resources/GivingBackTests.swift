// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

/// However a reservation ends, all that it took ends with it.
@Suite("Nothing is left of what was given back")
struct GivingBackTests {
    /// A pool in a tree, whose blockers are a pool, a resource and a name that nobody registered.
    private static let definitions = #"""
        [{"name":"Printer","capacity":3,"blocks":["Tray","Lamp","Ink"],"treePath":"Site>Hall"},
         {"name":"Tray","capacity":2},{"name":"Lamp"},{"name":"Hall","capacity":3},{"name":"Site","capacity":3}]
        """#

    /// A way for a reservation to end.
    enum Way: String, CaseIterable, Sendable {
        case releasedByPool, releasedBySlot, releasedTogether, expired, bulk, forced, tenantClosed
    }

    /// What each of two requesters has.
    private struct Taken {
        let requester: String
        let slot: String
        let token: String
    }

    private func take(_ t: ResourceTenant) async throws -> [Taken] {
        var taken: [Taken] = []
        for (number, requester) in ["w1", "w2"].enumerated() {
            let answer = try await t.reserve(requester, "Printer")
            try #require(answer.statuses == ["ACQUIRED"], "\(answer.body)")
            #expect(answer.item.slots == ["Printer": "Printer_\(number)", "Tray": "Tray_0"])
            let token = try #require(answer.item.string("releaseToken"))
            taken.append(Taken(requester: requester, slot: "Printer_\(number)", token: token))
        }
        return taken
    }

    private func giveBack(_ t: ResourceTenant, _ taken: Taken, _ way: Way) async throws {
        switch way {
        case .releasedByPool: try await t.release(taken.requester, "Printer", taken.token)
        case .releasedBySlot: try await t.release(taken.requester, taken.slot, taken.token)
        case .releasedTogether:
            let answer = try await t.transact(
                "ALL_OR_NONE", "UNRESERVE",
                #"{"requester":"\#(taken.requester)","resource":"Printer","releaseToken":"\#(taken.token)"}"#)
            #expect(answer.statuses == ["SUCCESS"])
        case .bulk: #expect(try await t.releaseAll(of: taken.requester).item.int("released") == 1)
        case .forced:
            let answer = try await t.force(taken.slot)
            #expect(answer.statuses == ["RELINQUISHED"] && answer.item.string("requester") == taken.requester)
        case .expired:
            let answer = try await t.renew(taken.requester, "Printer", taken.token, ttlSeconds: 1)
            #expect(answer.statuses == ["RENEWED"])
            try await t.eventually { try await t.isReserved(taken.slot) == false }
        case .tenantClosed:
            let closed = try await t.sendAsOperator(.patch, "/v1/admin/tenants/\(t.id)", #"{"status":"CLOSED"}"#)
            #expect(closed.status == 200)
        }
    }

    @Test(
        "Q8 Q15 Q24: a pool in a tree, blocked by a pool: its slots, blockers and ancestors go with the last hold",
        arguments: Way.allCases)
    func end(way: Way) async throws {
        let t = try await ResourceStack.tenant("giving-back", Self.definitions)
        let before = try await t.contents()
        let free = try await t.free()
        #expect(try await t.keysOfHolds() == [])
        let taken = try await take(t)
        let families = try await t.keysOfHolds()
        #expect(ResourceTenant.families.allSatisfy { family in families.contains { $0.hasPrefix(family) } })

        for (index, one) in taken.enumerated() {
            try await giveBack(t, one, way)
            guard way != .tenantClosed else { break }
            guard index == 0 else { continue }
            #expect(try await t.holders("Tray_0", "Lamp") == ["__system__", "__system__"])
            #expect(
                try await t.free() == [
                    "Site": 2, "Site>Hall": 2, "Site>Hall>Printer": 2, "Tray": 1, "Lamp": 0,
                ])
        }
        guard way != .tenantClosed else {
            #expect(try await t.keysOfHolds() == [])
            return
        }
        #expect(try await t.free() == free)
        try await t.expectUnchanged(since: before)
        #expect(try await t.reserved() == [])
        for name in ["Printer_0", "Tray", "Tray_0", "Lamp", "Ink", "Hall", "Site"] {
            #expect(try await t.isReserved(name) == false, "\(name)")
        }
        let letters = try await t.events().map { $0[0] }
        #expect(letters.count == 4, "one event for each reservation's beginning and end: \(letters)")
    }

    @Test("Row 16: the operator takes one reservation away by its name, one slot of a pool, nothing that comes along")
    func force() async throws {
        let t = try await ResourceStack.tenant("forced", Self.definitions)
        #expect(try await t.force("Printer").statuses == ["NOT_RESERVED"])
        let taken = try await take(t)
        let before = try await t.contents()
        let several = try await t.force("Printer")
        #expect(several.status == 400 && several.error.hasPrefix("resource"))
        for name in ["Tray", "Tray_0", "Lamp", "Ink", "Hall", "Site"] {
            #expect(try await t.force(name).status == 400, "\(name)")
        }
        try await t.expectUnchanged(since: before)
        let first = try await t.force("Printer_1")
        #expect(first.item.string("requester") == "w2")
        #expect(first.item.strings("released") == ["Printer_1", "Site", "Hall"], "its units of the ancestors as well")
        #expect(try await t.unreserve("w2", "Printer", taken[1].token).status == 403, "w1 has the other slot")
        let last = try await t.force("Printer")
        #expect(last.item.string("requester") == "w1")
        #expect(last.item.strings("released") == ["Printer_0", "Tray_0", "Lamp", "Ink", "Site", "Hall"])
        #expect(try await t.unreserve("w1", "Printer", taken[0].token).statuses == ["NOT_RESERVED"])
        let audit = try await t.sendAsOperator(.get, "/v1/admin/audit/logs?tenant_id=\(t.id)&operation=forceUnreserve")
        #expect(audit.root.member("logs")?.count == 2, "what found nothing to release is no change")
    }

    @Test("Row 16: who may, for whom, of what")
    func forceRequests() async throws {
        let t = try await ResourceStack.tenant("forced-requests", Self.definitions)
        try await t.take("w1", "Printer")
        let before = try await t.contents()
        let path = "/api/v1/Tenant/force-unreserve"
        let body = #"{"tenant":"\#(t.id)","resource":"Printer"}"#
        #expect(try await t.send(.post, path, body).status == 401, "no tenant may")
        for (body, status, place) in [
            (#"{"tenant":"no-such-tenant","resource":"Printer"}"#, 404, "tenant"),
            (#"{"resource":"a"}"#, 400, "tenant"),
            (#"{"tenant":"\#(t.id)"}"#, 400, "resource"), (#"{"tenant":"\#(t.id)","resource":" "}"#, 400, "resource"),
            (#"{"tenant":"\#(t.id)","resource":"a","reason":7}"#, 400, "reason"), ("", 400, "JSON"),
        ] {
            let answer = try await t.sendAsOperator(.post, path, body)
            #expect(answer.status == status && answer.error.contains(place), "\(body): \(answer.body)")
        }
        try await t.expectUnchanged(since: before)
        let done = try await t.sendAsOperator(
            .post, "/API/V1/tenant/FORCE-unreserve",
            #"{"Tenant":"\#(t.id)","RESOURCE":"Printer","reason":"its holder was switched off"}"#)
        #expect(done.status == 200 && done.item.string("reason") == "its holder was switched off")
    }
}
