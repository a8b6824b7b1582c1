// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
internal import HTTPTypes
package import NIOCore
package import Observability
package import SharedKernel

/// Takes a request from its endpoint's plan to the answer: authentication, permission, script calls, STALE and BEHIND,
/// error bodies, correlation headers, metrics. Both ways into the server, the Hummingbird responder and the fast lane,
/// call this one function, so they answer alike.
package final class RequestPipeline: Sendable {
    private let routes: RouteTable
    private let runner: ScriptRunner
    private let authenticator: Authenticator
    private let installation: Installation
    private let adminKey: RedactedString?
    private let journal: RequestJournal
    private let now_ms: @Sendable () -> Int64

    /// A pipeline over these endpoints. Without an admin key nobody is an operator.
    package init(
        endpoints: [Endpoint], runner: ScriptRunner, installation: Installation, adminKey: RedactedString?,
        journal: RequestJournal, now_ms: @escaping @Sendable () -> Int64
    ) {
        routes = RouteTable(endpoints)
        self.runner = runner
        authenticator = Authenticator(runner: runner, keyspace: installation.keyspace)
        self.installation = installation
        self.adminKey = adminKey
        self.journal = journal
        self.now_ms = now_ms
    }

    /// What a request's path leads to, before its body is read.
    package func match(_ request: APIRequest) -> RouteTable.Match { routes.match(request.method, request.path) }

    /// Answers a request on an event loop; `completion` is called there, once.
    package func handle(
        _ request: APIRequest, _ match: RouteTable.Match, on eventLoop: any EventLoop,
        completion: @escaping @Sendable (APIResponse) -> Void
    ) {
        let exchange = Exchange(pipeline: self, request: request, eventLoop: eventLoop, completion: completion)
        switch match {
        case .found(let endpoint, let parameters): exchange.begin(endpoint, parameters)
        case .notFound(let surface):
            exchange.refuse(APIError(.notFound, "NOT_FOUND", "no such path"), surface)
        case .methodNotAllowed(let surface, let allowed):
            let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            exchange.refuse(
                APIError(.methodNotAllowed, "INVALID_REQUEST", "method not allowed here", headers: [.allow: list]),
                surface)
        case .malformed(let surface):
            exchange.refuse(.invalid("path: is not percent-encoded UTF-8"), surface)
        }
    }

    /// The answer to a request whose body never arrived whole: too long, or not as announced.
    package func refusal(_ error: APIError, of request: APIRequest) -> APIResponse {
        let surface = RouteTable.surface(of: request.path)
        var response = error.response(on: surface, request.correlation)
        Exchange.addCorrelation(to: &response, request.correlation, nil)
        journal.record(request, endpoint: nil, surface: surface, status: response.status, nanoseconds: 0, tenant: nil)
        return response
    }
}

extension RequestPipeline {
    /// One request on its way; everything happens on its event loop.
    fileprivate struct Exchange: Sendable {
        let pipeline: RequestPipeline
        let request: APIRequest
        let eventLoop: any EventLoop
        let completion: @Sendable (APIResponse) -> Void
        let begin_ns = DispatchTime.now().uptimeNanoseconds

        func begin(_ endpoint: Endpoint, _ parameters: [[UInt8]]) {
            var routed = request
            routed.parameters = parameters
            let stage = Stage(exchange: self, endpoint: endpoint, request: routed)
            switch endpoint.access {
            case .open: stage.plan(.anonymous, key: nil, reloadsLeft: 0)
            case .admin: stage.admit(isAdmin() ? .admin : nil)
            case .tenant(let permission): stage.admitTenant(permission)
            case .tenantOrAdmin(let permission):
                if let header = request.headers[.adminAPIKey], !header.allSatisfy(\.isWhitespace) {
                    stage.admit(isAdmin() ? .admin : nil)
                } else {
                    stage.admitTenant(permission)
                }
            }
        }

        private func isAdmin() -> Bool {
            guard let header = request.headers[.adminAPIKey], let adminKey = pipeline.adminKey else { return false }
            return adminKey.matches([UInt8](header.utf8))
        }

        func refuse(_ error: APIError, _ surface: Surface, endpoint: Endpoint? = nil, principal: Principal? = nil) {
            finish(error.response(on: surface, request.correlation), surface, endpoint, principal)
        }

        func finish(_ response: APIResponse, _ surface: Surface, _ endpoint: Endpoint?, _ principal: Principal?) {
            var response = response
            Self.addCorrelation(to: &response, request.correlation, principal)
            pipeline.journal.record(
                request, endpoint: endpoint, surface: surface, status: response.status,
                nanoseconds: DispatchTime.now().uptimeNanoseconds - begin_ns, tenant: principal?.tenant)
            pipeline.journal.record(response.overLimitScopes, tenant: principal?.tenant)
            completion(response)
        }

        static func addCorrelation(to response: inout APIResponse, _ correlation: Correlation, _ principal: Principal?)
        {
            response.headers[.requestID] = String(decoding: correlation.requestID, as: UTF8.self)
            response.headers[.cyclesTraceID] = String(decoding: correlation.traceID, as: UTF8.self)
            if let principal { response.headers[.cyclesTenant] = principal.tenant.description }
        }
    }

    /// A request whose endpoint is known.
    fileprivate struct Stage: Sendable {
        let exchange: Exchange
        let endpoint: Endpoint
        let request: APIRequest

        private var pipeline: RequestPipeline { exchange.pipeline }

        func admit(_ caller: Caller?) {
            guard let caller else { return refuse(.unauthorized, nil) }
            plan(caller, key: nil, reloadsLeft: 0)
        }

        func admitTenant(_ permission: Permission) {
            guard let key = apiKey() else { return refuse(.unauthorized, nil) }
            let hash = APIKeyHash(of: key)
            if let principal = pipeline.authenticator.cached(hash) {
                return admit(principal, permission, hash, reloadsLeft: 1)
            }
            load(hash, permission, reloadsLeft: 1)
        }

        /// The tenant key, from either header; nil when there is none or the two differ.
        private func apiKey() -> [UInt8]? {
            let cycles = request.headers[.cyclesAPIKey]
            let plain = request.headers[.apiKey]
            guard let key = cycles ?? plain, !key.isEmpty, key.utf8.count <= 512 else { return nil }
            if let cycles, let plain, !cycles.utf8.elementsEqual(plain.utf8) { return nil }
            return [UInt8](key.utf8)
        }

        private func load(_ hash: APIKeyHash, _ permission: Permission, reloadsLeft: Int) {
            pipeline.authenticator.load(hash, on: exchange.eventLoop) { outcome in
                switch outcome {
                case .principal(let principal): admit(principal, permission, hash, reloadsLeft: reloadsLeft)
                case .invalid: refuse(.unauthorized, nil)
                case .failed(let fault): fail(fault, nil)
                }
            }
        }

        private func admit(_ principal: Principal, _ permission: Permission, _ hash: APIKeyHash, reloadsLeft: Int) {
            guard principal.expiresAtMs > pipeline.now_ms() else { return refuse(.unauthorized, nil) }
            guard principal.permissions.allows(permission) else {
                let code = endpoint.surface == .admin ? "INSUFFICIENT_PERMISSIONS" : "FORBIDDEN"
                return refuse(
                    APIError(.forbidden, code, "the API key lacks the permission \(permission.rawValue)"), principal)
            }
            plan(.tenant(principal), key: (hash, permission), reloadsLeft: reloadsLeft)
        }

        /// `key` is what to load again when a script answers STALE.
        func plan(_ caller: Caller, key: (APIKeyHash, Permission)?, reloadsLeft: Int) {
            let step = endpoint.plan(
                Endpoint.Input(request: request, caller: caller, installation: pipeline.installation))
            advance(step, caller, key: key, reloadsLeft: reloadsLeft)
        }

        private func advance(_ step: Step, _ caller: Caller, key: (APIKeyHash, Permission)?, reloadsLeft: Int) {
            switch step {
            case .respond(let response):
                exchange.finish(response, endpoint.surface, endpoint, caller.principal)
            case .refuse(let error): refuse(error, caller.principal)
            case .call(let invocation):
                run(invocation, caller, key: key, reloadsLeft: reloadsLeft, until: nil)
            }
        }

        private func run(
            _ invocation: Invocation, _ caller: Caller, key: (APIKeyHash, Permission)?, reloadsLeft: Int,
            until deadline: NIODeadline?
        ) {
            pipeline.runner.run(invocation.call, on: exchange.eventLoop) { result in
                do throws(ScriptFault) {
                    let reply = try result.get()
                    if reply.isWord("STALE"), let key, reloadsLeft > 0 {
                        return load(key.0, key.1, reloadsLeft: reloadsLeft - 1)
                    }
                    if reply.isWord("STALE") { return refuse(Self.unsettled, caller.principal) }
                    if reply.isWord("BEHIND"), let catchUp = invocation.catchUp {
                        let deadline = deadline ?? .now() + .milliseconds(Limits.behindMaxMs)
                        guard NIODeadline.now() < deadline else { return refuse(Self.unsettled, caller.principal) }
                        return expire(
                            catchUp(), invocation, caller, key: key, reloadsLeft: reloadsLeft, until: deadline)
                    }
                    advance(try invocation.next(reply), caller, key: key, reloadsLeft: reloadsLeft)
                } catch {
                    fail(error, caller.principal)
                }
            }
        }

        /// Runs the expire call that a BEHIND reply asks for, then the invocation again.
        private func expire(
            _ call: ScriptCall, _ invocation: Invocation, _ caller: Caller, key: (APIKeyHash, Permission)?,
            reloadsLeft: Int, until deadline: NIODeadline
        ) {
            pipeline.runner.run(call, on: exchange.eventLoop) { result in
                switch result {
                case .success:
                    run(invocation, caller, key: key, reloadsLeft: reloadsLeft, until: deadline)
                case .failure(let fault): fail(fault, caller.principal)
                }
            }
        }

        private func refuse(_ error: APIError, _ principal: Principal?) {
            exchange.refuse(error, endpoint.surface, endpoint: endpoint, principal: principal)
        }

        private func fail(_ fault: ScriptFault, _ principal: Principal?) {
            pipeline.journal.record(fault, request, endpoint)
            refuse(fault.apiError, principal)
        }

        /// The tenant changes faster than it can be read, or more is due than 250 ms can expire.
        private static let unsettled = APIError(
            .serviceUnavailable, "INTERNAL_ERROR", "busy with this tenant's changes: retry",
            headers: [.retryAfter: "1"])
    }
}
