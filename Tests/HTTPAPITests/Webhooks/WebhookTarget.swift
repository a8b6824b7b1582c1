// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import Observability
import Synchronization
import Webhooks

/// What the operations on webhook subscriptions ask of the process around them, played by a test.
final class WebhookTarget: Sendable {
    private struct State {
        var objection: String?
        var checked: [(url: String, security: WebhookSecurity)] = []
        var probes: [ProbeRequest] = []
        var result = ProbeResult(isSuccess: true, status: 204, tookMs: 7, problem: nil)
    }

    private let state = Mutex(State())
    private let box: SecretBox?

    /// One that lets every URL pass; `keys` are the bytes of which the keys of secrets consist.
    init(keys: [UInt8] = [1]) {
        box = SecretBox(keys: keys.map { SecretBytes([UInt8](repeating: $0, count: 32)) })
    }

    /// What is wrong with every URL; nil for nothing.
    var objection: String? {
        get { state.withLock { $0.objection } }
        set { state.withLock { $0.objection = newValue } }
    }

    /// What comes of a test event.
    var result: ProbeResult {
        get { state.withLock { $0.result } }
        set { state.withLock { $0.result = newValue } }
    }

    /// URLs that were looked at, in order, and by which rules.
    var checked: [(url: String, security: WebhookSecurity)] { state.withLock { $0.checked } }

    /// Test events that were sent, in order.
    var probes: [ProbeRequest] { state.withLock { $0.probes } }

    var services: WebhookServices {
        WebhookServices(
            box: box, isRange: { $0.hasSuffix("/8") },
            check: { url, security in
                self.state.withLock {
                    $0.checked.append((String(decoding: url, as: UTF8.self), security))
                    return $0.objection
                }
            },
            probe: { request in
                self.state.withLock {
                    $0.probes.append(request)
                    return $0.result
                }
            })
    }
}
