// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
internal import Reservations
internal import SharedKernel
internal import Synchronization

/// What a hub asks of Redis.
extension EventStreamHub {
    /// How long after a failure it is tried again.
    private static let pause = Duration.milliseconds(500)
    /// Bytes that a stream is sent at once while it catches up, give or take a frame.
    private static let portion = 32_768
    /// Tenants whose streams are renewed at the same time.
    private static let width = 8

    func perform(_ job: Job) async {
        switch job {
        case .read(let tenant, let generation): await read(tenant, generation)
        case .catchUp(let tenant, let stream): await catchUp(tenant, stream)
        case .close(let tenant): await close(tenant)
        }
    }

    /// Reads what is new, page by page, until nothing more has happened.
    private func read(_ tenant: TenantID, _ generation: Int) async {
        while let cursor = cursor(tenant, generation) {
            guard let page = await page(tenant, after: cursor) else {
                try? await Task.sleep(for: Self.pause)
                continue
            }
            let frames = frames(page, after: cursor, of: tenant)
            let isDone = state.withLock { table in
                guard table.channels[tenant]?.generation == generation else { return true }
                // Unless the numbers began anew meanwhile.
                let isCurrent = table.channels[tenant]?.cursor == cursor
                if isCurrent, let last = page.last { table.deliver(frames, upTo: last, to: tenant) }
                if page.hasMore || !isCurrent { return false }
                let isDirty = table.channels[tenant]?.isDirty == true
                table.channels[tenant]?.isDirty = false
                table.channels[tenant]?.isReading = isDirty
                return !isDirty
            }
            if isDone { return }
        }
    }

    private func cursor(_ tenant: TenantID, _ generation: Int) -> Int64? {
        state.withLock { table in
            guard let channel = table.channels[tenant], channel.generation == generation else { return nil }
            return channel.cursor
        }
    }

    /// Sends a stream what it has missed, at the pace of its client, until it is where the others are.
    private func catchUp(_ tenant: TenantID, _ id: [UInt8]) async {
        while let (stream, known) = lagging(tenant, id) {
            guard let page = await page(tenant, after: stream.last) else {
                try? await Task.sleep(for: Self.pause)
                continue
            }
            guard await send(frames(page, after: stream.last, of: tenant), to: stream.sink) else { return }
            state.withLock { table in
                guard let cursor = table.channels[tenant]?.cursor,
                    var stream = table.channels[tenant]?.streams[id]
                else { return }
                // Where there was nothing to read, it is where the others were before that.
                stream.last = page.last ?? max(stream.last, known)
                stream.isLive = !page.hasMore && stream.last >= cursor
                table.channels[tenant]?.streams[id] = stream
            }
        }
    }

    /// Sends frames, some at a time, as the client takes them: what it has not taken yet is far from what it may be
    /// behind. False when it takes no more.
    private func send(_ frames: [(number: Int64, bytes: [UInt8])], to sink: any StreamSink) async -> Bool {
        var portion: [UInt8] = []
        for (index, frame) in frames.enumerated() {
            portion += frame.bytes
            guard portion.count >= Self.portion || index == frames.count - 1 else { continue }
            let isWritten = await withCheckedContinuation { [portion] continuation in
                sink.send(portion) { continuation.resume(returning: $0) }
            }
            guard isWritten else { return false }
            portion.removeAll(keepingCapacity: true)
        }
        return true
    }

    /// A stream that is not where the others are, and how far those are.
    private func lagging(_ tenant: TenantID, _ id: [UInt8]) -> (stream: StreamTable.Stream, known: Int64)? {
        state.withLock { table in
            guard let channel = table.channels[tenant], let stream = channel.streams[id], !stream.isLive else {
                return nil
            }
            return (stream, channel.cursor)
        }
    }

    private func stream(_ tenant: TenantID, _ id: [UInt8]) -> StreamTable.Stream? {
        state.withLock { $0.channels[tenant]?.streams[id] }
    }

    /// Nil when Redis failed.
    private func page(_ tenant: TenantID, after number: Int64) async -> ReadLockEvents.Page? {
        let read = ReadLockEvents(keys: keyspace.keys(of: tenant), after: number)
        guard let reply = try? await runner.run(read.call) else { return nil }
        return try? read.page(reply)
    }

    private func frames(
        _ page: ReadLockEvents.Page, after last: Int64, of tenant: TenantID
    ) -> [(number: Int64, bytes: [UInt8])] {
        var frames = page.events.map { (number: $0.number, bytes: EventFrame(event: $0, tenant: tenant).bytes) }
        if page.isGapped, let first = page.events.first?.number ?? page.last {
            frames.insert((first, EventFrame.lost(after: last, before: first, of: tenant)), at: 0)
        }
        return frames
    }

    /// Gives places back. Those that cannot be given back are lost when their time is over.
    private func close(_ tenant: TenantID) async {
        let ids = state.withLock { $0.closing.removeValue(forKey: tenant) } ?? []
        for first in stride(from: 0, to: ids.count, by: Limits.streamLeasesPerCall) {
            let some = ids[first...].prefix(Limits.streamLeasesPerCall)
            _ = try? await runner.run(CloseEventStreams(keys: keyspace.keys(of: tenant), ids: some).call)
        }
    }

    // MARK: Time

    /// Tells the clients of all streams that these live.
    package func keepAlive() {
        state.withLock { table in
            for channel in table.channels.values {
                for stream in channel.streams.values { stream.sink.send(EventFrame.keepAlive, written: nil) }
            }
        }
    }

    /// Keeps the places of all streams, looks for what no message told of, and ends those whose key has ended.
    package func renew() async {
        let tenants = state.withLock { Array($0.channels.keys) }
        await withDiscardingTaskGroup { group in
            let chunk = max(1, (tenants.count + Self.width - 1) / Self.width)
            for first in stride(from: 0, to: tenants.count, by: chunk) {
                group.addTask {
                    for tenant in tenants[first...].prefix(chunk) { await self.renew(tenant) }
                }
            }
        }
    }

    private func renew(_ tenant: TenantID) async {
        let ids = state.withLock { Array($0.channels[tenant]?.streams.keys ?? [:].keys) }
        for first in stride(from: 0, to: ids.count, by: Limits.streamLeasesPerCall) {
            let some = ids[first...].prefix(Limits.streamLeasesPerCall)
            let known = state.withLock { $0.channels[tenant]?.cursor } ?? 0
            let renewal = RenewEventStreams(keys: keyspace.keys(of: tenant), ids: some)
            guard let reply = try? await runner.run(renewal.call), let outcome = try? renewal.outcome(reply) else {
                continue
            }
            switch outcome {
            case .gone: end(some, of: tenant, .revoked)
            case .renewed(let tag, let last):
                returnStray(some, tenant)
                if last < known { state.withLock { $0.rewind(tenant, to: last) } }
                wake(tenant)
                await recheck(some, of: tenant, tag: tag)
            }
        }
    }

    /// A stream may have ended while its place was renewed: then the place is given back once more.
    private func returnStray(_ ids: ArraySlice<[UInt8]>, _ tenant: TenantID) {
        for id in ids where stream(tenant, id) == nil { giveBack(id, of: tenant) }
    }

    /// Ends those of these streams whose key has ended, or may not read events any more.
    private func recheck(_ ids: ArraySlice<[UInt8]>, of tenant: TenantID, tag: [UInt8]) async {
        var byKey: [APIKeyHash: [[UInt8]]] = [:]
        for id in ids {
            guard let stream = stream(tenant, id) else { continue }
            if stream.expiresAtMs <= now_ms() {
                end([id], of: tenant, .revoked)
            } else if stream.tag != tag {
                byKey[stream.opening.key, default: []].append(id)
            }
        }
        for (key, ids) in byKey {
            let outcome: Authenticator.Outcome
            if let principal = authenticator.cached(key), principal.tag == tag {
                outcome = .principal(principal)
            } else {
                outcome = await load(key)
            }
            switch outcome {
            case .failed: break
            case .invalid: end(ids, of: tenant, .revoked)
            case .principal(let principal):
                guard principal.permissions.allows(.reservationsList), principal.expiresAtMs > now_ms() else {
                    end(ids, of: tenant, .revoked)
                    continue
                }
                state.withLock { table in
                    for id in ids {
                        table.channels[tenant]?.streams[id]?.tag = principal.tag
                        table.channels[tenant]?.streams[id]?.expiresAtMs = principal.expiresAtMs
                    }
                }
            }
        }
    }

    private func load(_ key: APIKeyHash) async -> Authenticator.Outcome {
        let eventLoop = runner.group.next()
        return await withCheckedContinuation { continuation in
            eventLoop.execute {
                self.authenticator.load(key, on: eventLoop) { continuation.resume(returning: $0) }
            }
        }
    }
}
