// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Plain resources over the Reservation API", .serialized)
struct ReservationAPILiveTests {
    @Test("Acquire, acquire again, be refused as another, release, acquire as another")
    func acquireAndRelease() async throws {
        try await ReservationAPIStack.run { api in
            #expect(try await api.holder("job-42") == nil)
            let first = try await api.reserve("worker-1", "job-42")
            #expect(first.statuses == ["ACQUIRED"])
            let token = try #require(first.text("releaseToken"))
            #expect(first.items[0].member("expiresAt")?.isNull == true)

            let again = try await api.reserve("worker-1", "job-42", ttlSeconds: 60)
            #expect(again.statuses == ["ALREADY_HAD"])
            #expect(again.text("releaseToken") == token)
            #expect(again.fencingTokens == first.fencingTokens)
            #expect(again.items[0].member("expiresAt")?.isNull == true, "a lasting hold does not begin to end")

            let other = try await api.reserve("worker-2", "job-42")
            #expect(other.statuses == ["ALREADY_HELD"])
            #expect(other.items[0].member("releaseToken")?.isNull == true)
            #expect(other.text("explanation") == "'job-42' is held by 'worker-1'")
            #expect(try await api.holder("job-42") == "worker-1")

            let release = try await api.unreserve("worker-1", "job-42", token)
            #expect(release.status == .ok)
            #expect(release.statuses == ["RELINQUISHED"])
            #expect(try await api.holder("job-42") == nil)
            #expect(try await api.unreserve("worker-1", "job-42", token).statuses == ["NOT_RESERVED"])

            let next = try await api.reserve("worker-2", "job-42")
            #expect(next.statuses == ["ACQUIRED"])
            let fences = try (#require(first.fencingTokens.first), #require(next.fencingTokens.first))
            #expect(fences.0 < fences.1)
        }
    }

    @Test("A TTL ends a hold by itself, the next one has a larger fencing token, the old token fits no more")
    func expiry() async throws {
        try await ReservationAPIStack.run { api in
            let first = try await api.reserve("worker-1", "job-42", ttlSeconds: 1)
            let token = try #require(first.text("releaseToken"))
            let expiresAt = try #require(first.text("expiresAt"))
            let again = try await api.reserve("worker-1", "job-42", ttlSeconds: 60)
            #expect(again.text("expiresAt") == expiresAt)
            let refused = try await api.reserve("worker-2", "job-42")
            let blocker = try #require(refused.items[0].member("blockedBy")?.elements.first { _ in true })
            #expect(blocker.member("until")?.isString(expiresAt) == true)

            try await ReservationAPIStack.eventually { try await api.holder("job-42") == nil }
            #expect(try await api.unreserve("worker-1", "job-42", token).statuses == ["NOT_RESERVED"])
            let retaken = try await api.reserve("worker-1", "job-42")
            #expect(retaken.statuses == ["ACQUIRED"])
            #expect(retaken.text("releaseToken") != token)
            let fences = try (#require(first.fencingTokens.first), #require(retaken.fencingTokens.first))
            #expect(fences.0 < fences.1)
            #expect(try await api.unreserve("worker-1", "job-42", token).status == .forbidden)
            #expect(try await api.holder("job-42") == "worker-1")
        }
    }

    @Test("A missing or wrong token is 403 and frees nothing; the right one frees nothing for another requester")
    func tokenMismatch() async throws {
        try await ReservationAPIStack.run { api in
            let token = try #require(try await api.reserve("worker-1", "job-42").text("releaseToken"))
            let wrong = "00000000-0000-4000-8000-000000000000"
            for (requester, sent, status) in [
                ("worker-1", nil, HTTPResponse.Status.forbidden), ("worker-1", "", .forbidden),
                ("worker-1", wrong, .forbidden), ("worker-1", token + "x", .forbidden), ("worker-2", wrong, .forbidden),
                ("worker-2", nil, .forbidden), ("worker-2", token, .ok),
            ] as [(String, String?, HTTPResponse.Status)] {
                let answer = try await api.unreserve(requester, "job-42", sent)
                #expect(answer.status == status)
                #expect(answer.statuses == ["DOESNT_OWN_RESERVATION"])
                #expect(answer.items[0].member("released")?.isNull == true)
                #expect(try await api.holder("job-42") == "worker-1")
            }
            #expect(try await api.unreserve("worker-9", "free", nil).statuses == ["NOT_RESERVED"])
            #expect(try await api.unreserve("worker-1", "job-42", token.uppercased()).statuses == ["RELINQUISHED"])
        }
    }

    @Test("One wrong token makes the whole answer 403, and the good items are released")
    func mixedRelease() async throws {
        try await ReservationAPIStack.run { api in
            let held = try await api.reserve(
                #"[{"requester":"w","resource":"a"},{"requester":"w","resource":"b"},{"requester":"w","resource":"c"}]"#
            )
            let tokens = held.items.indices.map { held.text("releaseToken", of: $0) ?? "" }
            let answer = try await api.unreserve(
                """
                [{"requester":"w","resource":"a","releaseToken":"\(tokens[0])"},
                 {"requester":"w","resource":"b","releaseToken":"\(tokens[0])"},
                 {"requester":"w","resource":"c","releaseToken":"\(tokens[2])"}]
                """)
            #expect(answer.status == .forbidden)
            #expect(answer.statuses == ["RELINQUISHED", "DOESNT_OWN_RESERVATION", "RELINQUISHED"])
            #expect(try await api.holder("a") == nil)
            #expect(try await api.holder("b") == "w")
            #expect(try await api.holder("c") == nil)
        }
    }

    @Test("Composed and decomposed spellings are two resources and two requesters")
    func normalisation() async throws {
        try await ReservationAPIStack.run { api async throws in
            #expect(try await api.reserve("w1", "caf\u{E9}").statuses == ["ACQUIRED"])
            #expect(try await api.reserve("w2", "cafe\u{301}").statuses == ["ACQUIRED"])
            #expect(try await api.holder("caf%C3%A9") == "w1")
            #expect(try await api.holder("cafe%CC%81") == "w2")
            #expect(try await api.reserve("Andr\u{E9}", "x").statuses == ["ACQUIRED"])
            #expect(try await api.reserve("Andre\u{301}", "x").statuses == ["ALREADY_HELD"])
            #expect(try await api.reserve("w1", "Caf\u{E9}").statuses == ["ACQUIRED"])
            #expect(try await api.reserve("w1", " x ").statuses == ["ACQUIRED"])
        }
    }

    @Test("130 items take three calls; answers come in request order and fencing tokens rise strictly")
    func largeBatch() async throws {
        try await ReservationAPIStack.run { api in
            let items = (0..<130).map { #"{"requester":"w","resource":"r\#($0)"}"# }
            let answer = try await api.reserve("[\(items.joined(separator: ","))]")
            #expect(answer.calls == 3)
            #expect(answer.items.indices.map { answer.text("resource", of: $0) } == (0..<130).map { "r\($0)" })
            #expect(answer.statuses == Array(repeating: "ACQUIRED", count: 130))
            let fences = answer.fencingTokens
            #expect(fences.count == 130)
            #expect(zip(fences, fences.dropFirst()).allSatisfy { $0 < $1 })
            let releases = answer.items.indices.map {
                let token = answer.text("releaseToken", of: $0) ?? ""
                return #"{"requester":"w","resource":"r\#($0)","releaseToken":"\#(token)"}"#
            }
            let released = try await api.unreserve("[\(releases.joined(separator: ","))]")
            #expect(released.calls == 3)
            #expect(released.statuses == Array(repeating: "RELINQUISHED", count: 130))
        }
    }

    @Test("A resource named twice in a batch goes to the first, for its own requester or another")
    func duplicates() async throws {
        try await ReservationAPIStack.run { api in
            let answer = try await api.reserve(
                """
                [{"requester":"w1","resource":"a"},{"requester":"w1","resource":"a","ttlSeconds":5},
                 {"requester":"w2","resource":"a"}]
                """)
            #expect(answer.statuses == ["ACQUIRED", "ALREADY_HAD", "ALREADY_HELD"])
            #expect(answer.text("releaseToken", of: 0) == answer.text("releaseToken", of: 1))
            let token = try #require(answer.text("releaseToken"))
            let item = #"{"requester":"w1","resource":"a","releaseToken":"\#(token)"}"#
            #expect(try await api.unreserve("[\(item),\(item)]").statuses == ["RELINQUISHED", "NOT_RESERVED"])
        }
    }

    @Test("A bad item anywhere keeps the whole batch from doing anything")
    func allValidatedFirst() async throws {
        try await ReservationAPIStack.run { api in
            let step = try ReservationAPICall.reserve(
                #"[{"requester":"w","resource":"a"},{"requester":"__system__","resource":"b"}]"#)
            #expect(try ReservationAPICall.refusal(step).status == .badRequest)
            #expect(try await api.holder("a") == nil)
        }
    }

    @Test("A single object is answered as an array of one")
    func singleObject() async throws {
        try await ReservationAPIStack.run { api in
            let answer = try await api.reserve(#"{"Requester":"w","RESOURCE":"a/b","ttlSeconds":30,"x":1}"#)
            #expect(answer.root.kind == .array)
            #expect(answer.statuses == ["ACQUIRED"])
            #expect(try await api.holder("a%2Fb") == "w")
            let token = try #require(answer.text("releaseToken"))
            let released = try await api.unreserve(#"{"requester":"w","resource":"a/b","releaseToken":"\#(token)"}"#)
            #expect(released.root.kind == .array)
            #expect(released.statuses == ["RELINQUISHED"])
        }
    }
}
