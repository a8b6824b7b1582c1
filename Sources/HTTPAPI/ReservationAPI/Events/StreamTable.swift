// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// What a hub knows of its streams.
struct StreamTable {
    /// One stream.
    struct Stream {
        let opening: StreamOpening
        let sink: any StreamSink
        /// The number of the last event that it was sent, or has no need of.
        var last: Int64
        /// Gets what the channel reads; else it catches up by itself.
        var isLive: Bool
        /// What was known of its key when that was looked at last.
        var tag: [UInt8]
        var expiresAtMs: Int64
    }

    /// The streams of a tenant.
    struct Channel {
        /// Tells it from those of the same tenant before and after it.
        let generation: Int
        /// The number of the last event that was read.
        var cursor: Int64
        var streams: [[UInt8]: Stream] = [:]
        var isReading = false
        /// More has happened since the reading began.
        var isDirty = false
    }

    var channels: [TenantID: Channel] = [:]
    /// Streams whose places are to be given back.
    var closing: [TenantID: [[UInt8]]] = [:]
    var isEnded = false
    private var generations = 0

    /// Takes a stream on; nil when no more are taken.
    mutating func attach(_ opening: StreamOpening, _ sink: any StreamSink) -> Stream? {
        guard !isEnded else { return nil }
        if channels[opening.tenant] == nil {
            generations += 1
            channels[opening.tenant] = Channel(generation: generations, cursor: opening.last)
        }
        let cursor = channels[opening.tenant]?.cursor ?? opening.last
        let stream = Stream(
            opening: opening, sink: sink, last: opening.after, isLive: opening.after >= cursor, tag: opening.tag,
            expiresAtMs: opening.expiresAtMs)
        channels[opening.tenant]?.streams[opening.id] = stream
        return stream
    }

    /// Lets a stream go; nil when there is no such stream any more.
    mutating func remove(_ tenant: TenantID, _ id: [UInt8]) -> Stream? {
        guard let stream = channels[tenant]?.streams.removeValue(forKey: id) else { return nil }
        if channels[tenant]?.streams.isEmpty == true { channels[tenant] = nil }
        closing[tenant, default: []].append(id)
        return stream
    }

    /// Notes that there may be something new for a tenant's streams; the work that follows, unless it is under way.
    mutating func wake(_ tenant: TenantID) -> EventStreamHub.Job? {
        guard var channel = channels[tenant] else { return nil }
        defer { channels[tenant] = channel }
        guard !channel.isReading else {
            channel.isDirty = true
            return nil
        }
        channel.isReading = true
        return .read(tenant, generation: channel.generation)
    }

    /// Hands frames to all live streams of a channel, and notes how far it has read.
    mutating func deliver(_ frames: [(number: Int64, bytes: [UInt8])], upTo last: Int64, to tenant: TenantID) {
        guard var channel = channels[tenant] else { return }
        let all = frames.flatMap(\.bytes)
        for (id, var stream) in channel.streams where stream.isLive && stream.last < last {
            let isNewToIt = frames.first.map { stream.last < $0.number } ?? true
            let bytes = isNewToIt ? all : frames.filter { stream.last < $0.number }.flatMap(\.bytes)
            if !bytes.isEmpty { stream.sink.send(bytes, written: nil) }
            stream.last = last
            channel.streams[id] = stream
        }
        channel.cursor = max(channel.cursor, last)
        channels[tenant] = channel
    }

    /// After a loss of the tenant's newest events, numbers begin at `last` again.
    mutating func rewind(_ tenant: TenantID, to last: Int64) {
        guard var channel = channels[tenant], last < channel.cursor else { return }
        channel.cursor = last
        for id in channel.streams.keys {
            let sent = channel.streams[id]?.last ?? last
            channel.streams[id]?.last = min(sent, last)
        }
        channels[tenant] = channel
    }
}
