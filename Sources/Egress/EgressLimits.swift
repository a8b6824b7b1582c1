// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Numbers that bound what an endpoint can cost.
package enum EgressLimits {
    /// The longest URL.
    package static let urlBytes = 2_048
    /// How much of a response's body is read; what comes after is not waited for.
    package static let responseBodyBytes = 64 * 1_024
    /// How large the head of a response may be.
    package static let responseHeadBytes = 64 * 1_024
    /// How long a whole attempt may take: names, connecting, TLS, head and body.
    package static let attempt: Duration = .seconds(15)
    /// How long connecting with TLS may take.
    package static let connect: Duration = .seconds(5)
    /// How long looking up a name may take, waiting for a turn included.
    package static let lookup: Duration = .seconds(5)
    /// How many names are looked up at once.
    package static let lookupsAtOnce = 64
    /// The most addresses of a name that are tried one after the other when connecting fails.
    package static let addressesTried = 3
    /// How long a connection is kept for the next request.
    package static let idle: Duration = .seconds(30)
    /// How many targets keep their connections.
    package static let targetsKept = 512
    /// Connections to one target; the callers decide how many requests they send at once, this is the fence behind.
    package static let connectionsPerTarget = 1_024
    /// Ports of protocols that a request could be mistaken in; our own store is among them.
    package static let closedPorts: Set<Int> = [
        21, 22, 23, 25, 53, 110, 143, 465, 587, 993, 995, 2_049, 3_306, 5_432, 6_379, 9_042, 11_211, 27_017,
    ]
}
