// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import StrictJSON
import Testing

/// What the runtime protocol promises of webhooks. Titles here carry the numbers of its statements.
@Suite("Operations and webhooks")
struct EndpointTests {
    @Test("210: an endpoint that cannot be reached or never answers delays no operation, nor fails one (admin 97)")
    func independent() async throws {
        let hanging = try await HookReceiver { _, _ in .init(delay: nil) }
        let closed = try await HookReceiver()
        try await closed.close()
        try await WebhookWorld.run { world in
            let more = ",\"event_categories\":[\"reservation\"]"
            for receiver in [hanging, closed] { _ = try await world.subscribe(receiver, more: more) }
            let start = ContinuousClock.now
            for number in 0..<20 {
                try await world.fund("n\(number)")
                let made = try await world.ask(
                    "POST", "/v1/reservations",
                    "{\"idempotency_key\":\"r\(number)\",\"subject\":{\"tenant\":\"acme\"},"
                        + "\"action\":{\"kind\":\"k\",\"name\":\"n\"},\"estimate\":{\"unit\":\"TOKENS\",\"amount\":1}}",
                    expecting: 200)
                let id = made.member("reservation_id").map(WebhookWorld.string) ?? ""
                _ = try await world.ask(
                    "POST", "/v1/reservations/\(id)/commit",
                    "{\"idempotency_key\":\"c\(number)\",\"actual\":{\"unit\":\"TOKENS\",\"amount\":2}}", expecting: 200
                )
            }
            // Sixty operations: waiting for one endpoint alone would take a quarter of an hour.
            #expect(ContinuousClock.now - start < .seconds(120))
            try await eventually("the endpoint that hangs was asked") { !hanging.hooks.isEmpty }
        }
        try await hanging.close()
    }
}
