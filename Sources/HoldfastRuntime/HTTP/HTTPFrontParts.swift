// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
internal import Observability

/// What all connections of a listener share.
struct HTTPFrontParts: Sendable {
    let pipeline: RequestPipeline
    let usesFastLane: Bool
    let limits: HTTPLimits
    /// How many there are.
    let connections: PrometheusGauge
    /// Takes answers that go on as streams; nil in a process that has none.
    let streams: EventStreamHub?
    let date = HTTPDate()
    let bodies: BodyBudget
}
