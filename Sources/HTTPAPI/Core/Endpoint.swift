// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes
package import SharedKernel

/// Which API a path belongs to: decides error bodies and the code for a missing permission.
package enum Surface: String, Sendable {
    case cycles, admin, reservation, operations
}

/// Who may call an endpoint.
package enum Access: Sendable {
    /// Anybody.
    case open
    /// A tenant's key with this permission.
    case tenant(Permission)
    /// The operator's key.
    case admin
    /// Either; a non-blank admin key counts first (admin digest 0.2).
    case tenantOrAdmin(Permission)
    /// Either, and a tenant's key needs no permission.
    case anyKey
    /// Anybody; a tenant's key that is sent has to be a good one.
    case optionalKey
}

/// Who is calling, once authenticated.
package enum Caller: Sendable {
    case anonymous
    case tenant(Principal)
    case admin

    /// The tenant's principal, if it is one.
    package var principal: Principal? {
        if case .tenant(let principal) = self { return principal }
        return nil
    }
}

/// What every plan may know besides the request: constants of the installation.
package struct Installation: Sendable {
    package let keyspace: Keyspace
    package let salt: IdentitySalt
    /// Lifetime of finished reservations and of stored answers, ms.
    package let keepMs: Int64

    /// The constants of this installation.
    package init(keyspace: Keyspace, salt: IdentitySalt, keepMs: Int64) {
        self.keyspace = keyspace
        self.salt = salt
        self.keepMs = keepMs
    }
}

/// One operation of one API: where it is, who may call it, and its pure plan.
package struct Endpoint: Sendable {
    /// What a plan has to go by.
    package struct Input: Sendable {
        package let request: APIRequest
        package let caller: Caller
        package let installation: Installation
        /// The time by the clock that principals are held against, ms since the epoch.
        package let nowMs: Int64

        /// An input of these parts.
        package init(request: APIRequest, caller: Caller, installation: Installation, nowMs: Int64) {
            self.request = request
            self.caller = caller
            self.installation = installation
            self.nowMs = nowMs
        }
    }

    /// Decides, once a tenant's key is known to be good, whether its request is planned at all: nil for yes, or a step
    /// that goes on with the plan it is given when it may be.
    package typealias Admission =
        @Sendable (Principal, Correlation, @escaping @Sendable (Caller) -> Step) -> Step?

    /// The operation's name, such as `createReservation`.
    package let name: String
    package let method: HTTPRequest.Method
    /// Path segments; `nil` is a parameter. Compared without case in the Reservation API.
    package let pattern: [String?]
    package let surface: Surface
    package let access: Access
    /// Whether its bodies are read: GET and DELETE ignore them.
    package let takesBody: Bool
    /// Whether its answer may go on as a stream.
    package private(set) var isStream = false
    /// What stands before the plan; nil for nothing.
    package private(set) var admission: Admission?
    /// From the request to the first step; pure and synchronous. May run again with fresher facts about the caller.
    package let plan: @Sendable (Input) -> Step

    /// An endpoint at `path`, where a segment in braces is a parameter.
    package init(
        _ name: String, _ method: HTTPRequest.Method, _ path: String, surface: Surface, access: Access,
        plan: @escaping @Sendable (Input) -> Step
    ) {
        self.name = name
        self.method = method
        pattern = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
        self.surface = surface
        self.access = access
        takesBody = method == .post || method == .put || method == .patch
        self.plan = plan
    }

    /// The same with an answer that may go on as a stream.
    package func streaming() -> Endpoint {
        var endpoint = self
        endpoint.isStream = true
        return endpoint
    }

    /// The same with something that stands before its plan.
    package func admitting(_ admission: @escaping Admission) -> Endpoint {
        var endpoint = self
        endpoint.admission = admission
        return endpoint
    }
}
