// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
internal import HTTPTypes
internal import LuaCatalog
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
    private let audit: AccessAudit
    private let failedLogins: FailedLogins
    private let now_ms: @Sendable () -> Int64

    /// A pipeline over these endpoints. Without an admin key nobody is an operator.
    package init(
        endpoints: [Endpoint], runner: ScriptRunner, installation: Installation, adminKey: RedactedString?,
        journal: RequestJournal, now_ms: @escaping @Sendable () -> Int64
    ) {
        routes = RouteTable(endpoints)
        self.runner = runner
        authenticator = Authenticator(runner: runner, keyspace: installation.keyspace, now_ms: now_ms)
        self.installation = installation
        self.adminKey = adminKey
        self.journal = journal
        audit = AccessAudit(keyspace: installation.keyspace, now_ms: now_ms)
        failedLogins = FailedLogins(runner: runner, keyspace: installation.keyspace, now_ms: now_ms)
        self.now_ms = now_ms
    }

    /// What a request's path leads to, before its body is read.
    package func match(_ request: APIRequest) -> RouteTable.Match { routes.match(request.method, request.path) }

    /// Whether the body of a request can matter: not where none is taken, nor to who sends no key where one is needed.
    package func wantsBody(_ request: APIRequest, _ match: RouteTable.Match) -> Bool {
        guard case .found(let endpoint, _) = match, endpoint.takesBody else { return false }
        switch endpoint.access {
        case .open, .optionalKey: return true
        case .admin: return request.headers[.adminAPIKey] != nil
        case .tenant: return request.tenantKey != nil
        case .tenantOrAdmin, .anyKey: return request.tenantKey != nil || request.headers[.adminAPIKey] != nil
        }
    }

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
            case .open: stage.plan(.anonymous, ticket: nil)
            case .admin: stage.admit(isAdmin() ? .admin : nil)
            case .tenant(let permission): stage.admitTenant(permission)
            case .tenantOrAdmin(let permission): admitEither(stage, permission)
            case .anyKey: admitEither(stage, nil)
            case .optionalKey:
                if request.tenantKey == nil { stage.plan(.anonymous, ticket: nil) } else { stage.admitTenant(nil) }
            }
        }

        private func admitEither(_ stage: Stage, _ permission: Permission?) {
            if request.comesFromOperator(on: stage.endpoint.surface) {
                stage.admit(isAdmin() ? .admin : nil)
            } else {
                stage.admitTenant(permission)
            }
        }

        private func isAdmin() -> Bool {
            guard let header = request.headers[.adminAPIKey], let adminKey = pipeline.adminKey else { return false }
            return adminKey.matches([UInt8](header.utf8))
        }

        /// A refusal before there is an endpoint.
        func refuse(_ error: APIError, _ surface: Surface) {
            finish(error.response(on: surface, request.correlation), surface, nil, nil)
        }

        func finish(_ response: APIResponse, _ surface: Surface, _ endpoint: Endpoint?, _ principal: Principal?) {
            var response = response
            Self.addCorrelation(to: &response, request.correlation, principal)
            pipeline.journal.record(
                request, endpoint: endpoint, surface: surface, status: response.status,
                nanoseconds: DispatchTime.now().uptimeNanoseconds - begin_ns, tenant: principal?.tenant)
            pipeline.journal.record(response.notices, tenant: principal?.tenant)
            completion(response)
        }

        static func addCorrelation(to response: inout APIResponse, _ correlation: Correlation, _ principal: Principal?)
        {
            response.headers[.requestID] = String(decoding: correlation.requestID, as: UTF8.self)
            response.headers[.cyclesTraceID] = String(decoding: correlation.traceID, as: UTF8.self)
            if let principal { response.headers[.cyclesTenant] = principal.tenant.description }
        }
    }

    /// The key that a request came with, to look up again when a script answers STALE.
    fileprivate struct Ticket: Sendable {
        let hash: APIKeyHash
        /// What the endpoint asks of the key; nil for nothing.
        let permission: Permission?
        /// Whether Redis has been asked, in this request, about what is known of the key.
        private(set) var isConfirmed = false
        /// Whether what stands before the endpoint's plan was asked, or a call of the request has been made without it:
        /// what is begun is not stopped any more.
        private(set) var isAdmitted = false
        /// When a call that is stale again and again is given up; nil before it is.
        private var deadline: NIODeadline?

        init(hash: APIKeyHash, permission: Permission?) {
            self.hash = hash
            self.permission = permission
        }

        /// After a reload; nil when the tenant has been changing for too long.
        func reloaded(at now: NIODeadline = .now()) -> Ticket? {
            var ticket = self
            ticket.deadline = deadline ?? now + .milliseconds(Limits.behindMaxMs)
            ticket.isConfirmed = true
            return ticket.deadline.map { now <= $0 } == true ? ticket : nil
        }

        /// Once what stands before the plan was asked.
        var admitted: Ticket {
            var ticket = self
            ticket.isAdmitted = true
            return ticket
        }

        /// Of a key that nothing was known of.
        var confirmed: Ticket {
            var ticket = self
            ticket.isConfirmed = true
            return ticket
        }

        /// After a call that was not stale.
        var settled: Ticket {
            var ticket = self
            ticket.deadline = nil
            ticket.isConfirmed = true
            ticket.isAdmitted = true
            return ticket
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
            plan(caller, ticket: nil)
        }

        func admitTenant(_ permission: Permission?) {
            guard let key = request.tenantKey else { return refuse(.unauthorized, nil) }
            let ticket = Ticket(hash: APIKeyHash(of: key), permission: permission)
            if let principal = pipeline.authenticator.cached(ticket.hash) {
                return admit(principal, ticket, resume: nil)
            }
            load(ticket.confirmed, resume: nil)
        }

        /// Loads the caller's facts, then plans the request, or goes on with what was begun.
        private func load(_ ticket: Ticket, resume: (@Sendable (Caller) -> Step)?) {
            pipeline.authenticator.load(ticket.hash, on: exchange.eventLoop) { outcome in
                switch outcome {
                case .principal(let principal): admit(principal, ticket, resume: resume)
                case .invalid(let login): refuse(login)
                case .failed(let fault): fail(fault, nil)
                }
            }
        }

        private func admit(_ principal: Principal, _ ticket: Ticket, resume: (@Sendable (Caller) -> Step)?) {
            guard principal.expiresAtMs > pipeline.now_ms() else {
                return refuse(
                    FailedLogin(tenant: principal.tenant, keyID: principal.keyID, reason: "key_expired"))
            }
            if let permission = ticket.permission, !principal.permissions.allows(permission) {
                let code = endpoint.surface == .admin ? "INSUFFICIENT_PERMISSIONS" : "FORBIDDEN"
                let refusal = APIError(.forbidden, code, "the API key lacks the permission \(permission.rawValue)")
                return advance(.refuse(refusal), .tenant(principal), ticket: ticket)
            }
            let next = resume ?? { step(for: $0) }
            if !ticket.isAdmitted, let admission = endpoint.admission,
                let step = admission(principal, request.correlation, next)
            {
                return advance(step, .tenant(principal), ticket: ticket.admitted)
            }
            advance(next(.tenant(principal)), .tenant(principal), ticket: ticket)
        }

        /// 401 for a bad key, told as an event; the answer does not wait for that, nor say why.
        private func refuse(_ login: FailedLogin) {
            pipeline.failedLogins.tell(login, request, on: exchange.eventLoop)
            refuse(.unauthorized, nil)
        }

        /// `ticket` is what to load again when a script answers STALE.
        func plan(_ caller: Caller, ticket: Ticket?) { advance(step(for: caller), caller, ticket: ticket) }

        private func step(for caller: Caller) -> Step {
            endpoint.plan(
                Endpoint.Input(
                    request: request, caller: caller, installation: pipeline.installation, nowMs: pipeline.now_ms()))
        }

        private func advance(_ step: Step, _ caller: Caller, ticket: Ticket?) {
            if case .call(let invocation) = step {
                return run(invocation.call, of: invocation, caller, ticket: ticket, until: nil)
            }
            if let principal = caller.principal, let ticket, !ticket.isConfirmed, !step.isUnfinished {
                return confirm(step, principal, ticket)
            }
            switch step {
            case .respond(let response): finish(response, caller)
            case .refuse(let error): refuse(error, caller)
            case .wait(let work):
                exchange.eventLoop.makeFutureWithTask(work).whenSuccess { advance($0, caller, ticket: ticket) }
            case .call: break
            }
        }

        /// An answer made of what is cached alone: whether that still holds is asked first, so that a key that was
        /// revoked gets its 401, and one that was allowed more is not refused for ever.
        private func confirm(_ step: Step, _ principal: Principal, _ ticket: Ticket) {
            var call = ScriptCall(.adminConfirmTag, keys: principal.keys)
            call.append(principal.tag)
            let question = Invocation(call: call, catchUp: nil, resume: nil, otherwise: nil, next: { _ in step })
            run(call, of: question, .tenant(principal), ticket: ticket, until: nil)
        }

        private func run(
            _ call: ScriptCall, of invocation: Invocation, _ caller: Caller, ticket: Ticket?,
            until deadline: NIODeadline?
        ) {
            pipeline.runner.run(call, on: exchange.eventLoop) { result in
                do throws(ScriptFault) {
                    let reply = try result.get()
                    if reply.isWord("STALE") {
                        guard let again = ticket?.reloaded() else { return refuse(Self.unsettled, caller) }
                        return load(again, resume: invocation.resume)
                    }
                    if reply.isWord("BEHIND"), let catchUp = invocation.catchUp {
                        let deadline = deadline ?? .now() + .milliseconds(Limits.behindMaxMs)
                        return sweep(catchUp, invocation, caller, ticket: ticket, until: deadline)
                    }
                    advance(try invocation.next(reply), caller, ticket: ticket?.settled)
                } catch {
                    fail(error, of: invocation, caller, ticket: ticket)
                }
            }
        }

        /// Expires what a BEHIND reply complained of, call by call, then sends the invocation's call again.
        private func sweep(
            _ catchUp: CatchUp, _ invocation: Invocation, _ caller: Caller, ticket: Ticket?, until deadline: NIODeadline
        ) {
            guard NIODeadline.now() < deadline else {
                if let otherwise = invocation.otherwise { return advance(otherwise(nil), caller, ticket: ticket) }
                return refuse(Self.unsettled, caller)
            }
            pipeline.runner.run(catchUp.sweep(), on: exchange.eventLoop) { result in
                do throws(ScriptFault) {
                    let reply = try result.get()
                    if try reply.int(2) == 1 {
                        return sweep(catchUp, invocation, caller, ticket: ticket, until: deadline)
                    }
                    let call = catchUp.again(try reply.int(3))
                    run(call, of: invocation, caller, ticket: ticket, until: deadline)
                } catch {
                    fail(error, of: invocation, caller, ticket: ticket)
                }
            }
        }

        private func refuse(_ error: APIError, _ caller: Caller?) {
            finish(error.response(on: endpoint.surface, request.correlation), caller)
        }

        /// A call that failed: the end of the request, unless the endpoint knows how to go on.
        private func fail(_ fault: ScriptFault, of invocation: Invocation, _ caller: Caller, ticket: Ticket?) {
            guard let otherwise = invocation.otherwise else { return fail(fault, caller) }
            pipeline.journal.record(fault, request, endpoint)
            advance(otherwise(fault), caller, ticket: ticket)
        }

        private func fail(_ fault: ScriptFault, _ caller: Caller?) {
            pipeline.journal.record(fault, request, endpoint)
            refuse(fault.apiError, caller)
        }

        /// The end, after the audit entry that this answer may call for. An entry that cannot be written is in the log,
        /// and the answer is given all the same.
        private func finish(_ response: APIResponse, _ caller: Caller?) {
            guard let note = pipeline.audit.note(request, endpoint, caller, response) else {
                return exchange.finish(response, endpoint.surface, endpoint, caller?.principal)
            }
            pipeline.runner.run(note.call, on: exchange.eventLoop) { result in
                if case .failure(let fault) = result { pipeline.journal.record(fault, request, endpoint) }
                exchange.finish(response, endpoint.surface, endpoint, caller?.principal)
            }
        }

        /// The tenant changes faster than it can be read, or more is due than 250 ms can expire.
        private static let unsettled = APIError(
            .serviceUnavailable, "INTERNAL_ERROR", "busy with this tenant's changes: retry",
            headers: [.retryAfter: "1"])
    }
}
