// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a name has no addresses.
package enum LookupFailure: Error, Sendable, Hashable {
    /// Nobody knows the name, or it has no address.
    case unknownName
    /// No answer in time.
    case timedOut
    /// The resolver itself has failed; another time may do.
    case unavailable
}

/// Turns names into addresses.
package protocol HostResolver: Sendable {
    /// All addresses of a name, the ones to try first in front, or a failure within the time given.
    func addresses(of name: String, within limit: Duration) async throws(LookupFailure) -> [IPAddress]
}
