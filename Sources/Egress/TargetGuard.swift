// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why nothing is sent to a URL.
package struct EgressRefusal: Error, Sendable, Hashable {
    /// What is wrong.
    package enum Reason: Sendable, Hashable {
        case malformed(TargetURLError)
        case schemeClosed, noPatternMatches, addressClosed
        case lookup(LookupFailure)
    }

    /// What is wrong.
    package let reason: Reason
    /// One sentence for whoever wrote the URL. It quotes nothing, and does not tell what the name resolves to.
    package let message: String
    /// The address and the range that closes it, for the operator's log.
    package let detail: String?

    init(_ reason: Reason, _ message: String, detail: String? = nil) {
        self.reason = reason
        self.message = message
        self.detail = detail
    }

    /// Whether another time may do: the name could not be looked up, but nobody said that it is wrong.
    package var isTransient: Bool {
        switch self.reason {
        case .lookup(.timedOut), .lookup(.unavailable): true
        default: false
        }
    }
}

/// A URL with the addresses that were looked at and found open; nothing else is connected to.
package struct VettedTarget: Sendable, Hashable {
    /// Where to send.
    package let url: TargetURL
    /// All addresses of the host, every one of them open, in the order to try them.
    package let addresses: [IPAddress]
}

/// Decides whether a URL may be sent to, by what its name resolves to at this moment.
package struct TargetGuard: Sendable {
    private let resolver: any HostResolver

    /// Asks this resolver, once per URL.
    package init(resolver: any HostResolver) { self.resolver = resolver }

    /// Reads a URL and holds it against the policy.
    package func vet(
        _ text: String, _ policy: EgressPolicy, within limit: Duration = EgressLimits.lookup
    ) async -> Result<VettedTarget, EgressRefusal> {
        switch TargetURL.parse(text) {
        case .success(let url): await self.vet(url, policy, within: limit)
        case .failure(let error): .failure(EgressRefusal(.malformed(error), error.message))
        }
    }

    /// Holds a URL against the policy. One closed address closes the name: whoever mixes them means to be let through
    /// at the second try.
    package func vet(
        _ url: TargetURL, _ policy: EgressPolicy, within limit: Duration = EgressLimits.lookup
    ) async -> Result<VettedTarget, EgressRefusal> {
        guard url.scheme == .https || policy.allowsHTTP else {
            return .failure(EgressRefusal(.schemeClosed, "the URL must begin with https://"))
        }
        guard policy.allows(url: url.text) else {
            return .failure(EgressRefusal(.noPatternMatches, "the URL matches none of the allowed patterns"))
        }
        let addresses: [IPAddress]
        do throws(LookupFailure) {
            addresses = try await self.addresses(of: url.host, within: limit)
        } catch {
            return .failure(EgressRefusal(.lookup(error), Self.message(error)))
        }
        for address in addresses {
            guard let detail = policy.refusal(of: address) else { continue }
            return .failure(
                EgressRefusal(
                    .addressClosed, "the host in the URL has an address that webhooks may not reach", detail: detail))
        }
        return .success(VettedTarget(url: url, addresses: addresses))
    }

    private func addresses(
        of host: TargetURL.Host, within limit: Duration
    ) async throws(LookupFailure) -> [IPAddress] {
        switch host {
        case .address(let address):
            return [address]
        case .name(let name):
            // The system would connect to the inner address of a v4-mapped one, so that is the address.
            let found = try await self.resolver.addresses(of: name, within: limit).map(\.unmapped)
            guard !found.isEmpty else { throw .unknownName }
            return found
        }
    }

    private static func message(_ failure: LookupFailure) -> String {
        switch failure {
        case .unknownName: "the host in the URL has no address"
        case .timedOut: "the host in the URL was not resolved in time"
        case .unavailable: "the host in the URL could not be resolved"
        }
    }
}
