// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LocalStack
import Logging
import NIOCore
import NIOPosix
import Observability
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// One server of all APIs, with connections and caches of its own.
struct ResourceServer: Sendable {
    static let operatorKey = "the-operator-key-of-these-tests"

    let pool: RedisPool
    private let pipeline: RequestPipeline
    private let group: MultiThreadedEventLoopGroup

    init(on redis: PrivateRedis) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        pool = try RedisPool(
            configuration: try RedisConfiguration(url: redis.url), group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        try await pool.waitUntilReady(within: .seconds(60))
        pipeline = RequestPipeline(
            endpoints: AdminAPI.endpoints + CyclesAPI.endpoints + ReservationAPI.endpoints,
            runner: ScriptRunner(pool: pool, group: group), installation: AdminCall.installation,
            adminKey: RedactedString(Self.operatorKey),
            journal: RequestJournal(
                registry: PrometheusRegistry(includesProcess: false),
                logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })),
            now_ms: { UTCTimestamp.now_ms() })
    }

    /// Ends its connections.
    func shutDown() async throws {
        await pool.shutdown()
        try await group.shutdownGracefully()
    }

    /// Takes a request through the pipeline, and holds the answer against what is `described` of that path or another.
    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String, _ headers: HTTPFields, described: String? = nil
    ) async throws -> ResourceAnswer {
        let request = APIRequest(
            method: method, target: target, headers: headers, body: [UInt8](body.utf8),
            correlation: Correlation(headers: headers))
        let loop = group.next()
        let response = await withCheckedContinuation { continuation in
            loop.execute {
                pipeline.handle(request, pipeline.match(request), on: loop) { continuation.resume(returning: $0) }
            }
        }
        try response.check(method, described ?? target)
        let json = response.stream == nil ? response.body : [UInt8]("{}".utf8)
        return ResourceAnswer(
            status: response.status.code, headers: response.headers,
            body: String(decoding: response.body, as: UTF8.self),
            root: try JSONDocument.parse(json, maxDepth: JSONDocument.depthCeiling).root)
    }
}

/// Two servers over one Redis that all tests of this folder share; each test has tenants of its own.
final class ResourceStack: Sendable {
    let redis: PrivateRedis
    let first, second: ResourceServer

    /// Started once; its Redis ends with the test process.
    static func shared() async throws -> ResourceStack { try await starting.value }

    private static let starting = Task {
        let redis = try await PrivateRedis.start()
        return ResourceStack(
            redis: redis, first: try await ResourceServer(on: redis), second: try await ResourceServer(on: redis))
    }

    private init(redis: PrivateRedis, first: ResourceServer, second: ResourceServer) {
        self.redis = redis
        self.first = first
        self.second = second
    }

    /// A new tenant of the shared stack, with a key that may do everything with resources.
    static func tenant(_ name: String, _ definitions: String? = nil) async throws -> ResourceTenant {
        let stack = try await shared()
        let id = "\(name)-\(UInt32.random(in: 0...UInt32.max))"
        let tenant = try await ResourceTenant(id, on: stack.first, beside: stack.second)
        if let definitions { try await tenant.define(definitions) }
        return tenant
    }
}

/// An answer, with its body read.
struct ResourceAnswer: Sendable {
    let status: Int
    let headers: HTTPFields
    let body: String
    let root: JSONValue

    /// The items of the body, or its only object.
    var items: [JSONValue] { root.kind == .array ? Array(root.elements) : [root] }

    /// The first of them.
    var item: JSONValue { items.first ?? root }

    /// The status of every item.
    var statuses: [String] { items.map { $0.string("status") ?? "" } }

    /// What an error says; empty for anything else.
    var error: String { root.string("error") ?? "" }
}

extension JSONValue {
    /// A string member.
    func string(_ name: StaticString) -> String? {
        member(name)?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
    }

    /// A member that is an array of strings; nil for null.
    func strings(_ name: StaticString) -> [String]? {
        guard let list = member(name), list.kind == .array else { return nil }
        return list.elements.compactMap { $0.stringBytes().map { String(decoding: $0, as: UTF8.self) } }
    }

    /// An integer member.
    func int(_ name: StaticString) -> Int64? { member(name)?.int64() }

    /// Whether there is such a member, and it is null.
    func isNull(_ name: StaticString) -> Bool { member(name)?.isNull == true }

    /// The member `acquiredSlots`; nil for null.
    var slots: [String: String]? {
        guard let slots = member("acquiredSlots"), slots.kind == .object else { return nil }
        let pairs = slots.members.compactMap { member -> (String, String)? in
            guard let key = member.key.stringBytes(), let value = member.value.stringBytes() else { return nil }
            return (String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
        return Dictionary(pairs) { _, last in last }
    }
}
