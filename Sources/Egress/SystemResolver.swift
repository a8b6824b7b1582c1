// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Dispatch
package import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The resolver of the system. Its calls block and cannot be stopped, so they have threads of their own and a limit to
/// how many there are; a call nobody waits for any more still holds its place until it ends.
package final class SystemResolver: HostResolver {
    private struct Lookup: Sendable {
        let name: String
        let deadline: NIODeadline
        let promise: EventLoopPromise<[IPAddress]>
    }

    private struct State {
        var running = 0
        var waiting: [Lookup] = []
    }

    private let group: any EventLoopGroup
    private let lookupsAtOnce: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "holdfast.lookup", attributes: .concurrent)

    /// Looks up so many names at once; the group's timers end the waiting.
    package init(
        group: (any EventLoopGroup)? = nil, lookupsAtOnce: Int = EgressLimits.lookupsAtOnce
    ) {
        self.group = group ?? MultiThreadedEventLoopGroup.singleton
        self.lookupsAtOnce = lookupsAtOnce
    }

    package func addresses(of name: String, within limit: Duration) async throws(LookupFailure) -> [IPAddress] {
        let loop = self.group.any()
        let promise = loop.makePromise(of: [IPAddress].self)
        let deadline = NIODeadline.now() + TimeAmount(limit)
        let timeout = loop.scheduleTask(deadline: deadline) { promise.fail(LookupFailure.timedOut) }
        self.submit(Lookup(name: name, deadline: deadline, promise: promise))
        defer { timeout.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.fail(LookupFailure.timedOut)
            }
        } catch {
            throw error as? LookupFailure ?? .unavailable
        }
    }

    private func submit(_ lookup: Lookup) {
        let starts = self.state.withLock { state in
            guard state.running < self.lookupsAtOnce else {
                state.waiting.append(lookup)
                return false
            }
            state.running += 1
            return true
        }
        if starts { self.queue.async { self.run(lookup) } }
    }

    /// Does a lookup, and then those that wait: the place is given on, not given back.
    private func run(_ first: Lookup) {
        var next: Lookup? = first
        while let lookup = next {
            lookup.promise.completeWith(Self.resolve(lookup.name))
            next = self.state.withLock { state in
                state.waiting.removeAll { $0.deadline <= .now() }
                if state.waiting.isEmpty {
                    state.running -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
        }
    }

    private static func resolve(_ name: String) -> Result<[IPAddress], any Error> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        // The type of the constant differs between systems.
        hints.ai_socktype = Self.stream
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            let isUnknown = code == EAI_NONAME || code == EAI_FAIL || code == Self.noAddress
            return .failure(isUnknown ? LookupFailure.unknownName : .unavailable)
        }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry {
            if let address = Self.address(current.pointee), !addresses.contains(address) { addresses.append(address) }
            entry = current.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(LookupFailure.unknownName) : .success(addresses)
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let pointer = entry.ai_addr else { return nil }
        let raw = UnsafeRawPointer(pointer)
        switch entry.ai_family {
        case AF_INET:
            let address = raw.loadUnaligned(as: sockaddr_in.self)
            return withUnsafeBytes(of: address.sin_addr) { IPAddress(bytes: Array($0)) }
        case AF_INET6:
            let address = raw.loadUnaligned(as: sockaddr_in6.self)
            return withUnsafeBytes(of: address.sin6_addr) { IPAddress(bytes: Array($0)) }
        default:
            return nil
        }
    }

    #if canImport(Glibc)
    private static var stream: Int32 { Int32(SOCK_STREAM.rawValue) }
    /// `EAI_NODATA`, which the headers show to GNU sources only.
    private static var noAddress: Int32 { -5 }
    #else
    private static var stream: Int32 { SOCK_STREAM }
    private static var noAddress: Int32 { EAI_NODATA }
    #endif
}
