// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import Testing

@testable import RedisClient

@Suite("The queue of pending calls")
struct PendingCallsTests {
    private let command = RedisCommand.ping

    private func call(_ number: UInt64, at time: UInt64 = 0) -> RedisCall {
        RedisCall(id: RedisCallID(number: number), enqueuedAt: .uptimeNanoseconds(time)) { _ in }
    }

    private func numbers(_ calls: [RedisCall]) -> [UInt64] { calls.map(\.id.number) }

    @Test("Replies go to the calls in the order in which these were written")
    func order() {
        var pending = PendingCalls(limit: 10)
        for number in 1...3 {
            #expect(pending.admit(self.call(UInt64(number)), self.command, isWritable: true) == .write)
        }
        pending.flushed()
        #expect((1...3).map { _ in pending.receive()?.id.number } == [1, 2, 3])
        #expect(pending.receive() == nil)
        #expect(pending.isEmpty)
    }

    @Test("A reply before the flush belongs to nobody")
    func replyBeforeFlush() {
        var pending = PendingCalls(limit: 10)
        _ = pending.admit(self.call(1), self.command, isWritable: true)
        #expect(pending.receive() == nil)
    }

    @Test("Calls beyond the limit are refused, held and dead ones counted")
    func limit() {
        var pending = PendingCalls(limit: 3)
        #expect(pending.admit(self.call(1), self.command, isWritable: true) == .write)
        #expect(pending.admit(self.call(2), self.command, isWritable: false) == .held)
        #expect(pending.admit(self.call(3), self.command, isWritable: true) == .held)
        #expect(pending.admit(self.call(4), self.command, isWritable: true) == .refused)
        _ = pending.cancel(RedisCallID(number: 1))
        #expect(pending.admit(self.call(5), self.command, isWritable: true) == .refused)
        _ = pending.cancel(RedisCallID(number: 2))
        #expect(pending.admit(self.call(6), self.command, isWritable: true) == .held)
    }

    @Test("A call that has expired keeps its place, and its late reply goes nowhere else")
    func deadSlot() {
        var pending = PendingCalls(limit: 10)
        _ = pending.admit(self.call(1, at: 10), self.command, isWritable: true)
        _ = pending.admit(self.call(2, at: 20), self.command, isWritable: true)
        pending.flushed()
        #expect(self.numbers(pending.expire(enqueuedUpTo: .uptimeNanoseconds(10)).sent) == [1])
        #expect(pending.expire(enqueuedUpTo: .uptimeNanoseconds(10)).sent.isEmpty)
        #expect(pending.oldestLive == .uptimeNanoseconds(20))
        #expect(pending.oldestUnanswered == .uptimeNanoseconds(10))
        let late = pending.receive()
        #expect(late?.id.number == 1 && late?.completion == nil)
        let next = pending.receive()
        #expect(next?.id.number == 2 && next?.completion != nil)
    }

    @Test("A held call that expires or is cancelled is never written")
    func heldCallsVanish() {
        var pending = PendingCalls(limit: 10)
        for number in 1...4 {
            _ = pending.admit(self.call(UInt64(number), at: UInt64(number)), self.command, isWritable: false)
        }
        #expect(self.numbers(pending.expire(enqueuedUpTo: .uptimeNanoseconds(1)).unsent) == [1])
        #expect(pending.cancel(RedisCallID(number: 3))?.wasSent == false)
        #expect(pending.cancel(RedisCallID(number: 3)) == nil)
        #expect(pending.writeHeld() != nil)
        #expect(pending.writeHeld() != nil)
        #expect(pending.writeHeld() == nil)
        pending.flushed()
        #expect([pending.receive(), pending.receive()].map { $0?.id.number } == [2, 4])
    }

    @Test("At the end, calls in the output buffer count as not sent")
    func remains() {
        var pending = PendingCalls(limit: 10)
        _ = pending.admit(self.call(1), self.command, isWritable: true)
        pending.flushed()
        _ = pending.admit(self.call(2), self.command, isWritable: true)
        _ = pending.admit(self.call(3), self.command, isWritable: false)
        let remains = pending.removeAll()
        #expect(self.numbers(remains.sent) == [1])
        #expect(self.numbers(remains.unsent) == [2, 3])
        #expect(pending.isEmpty && pending.oldestLive == nil)
    }

    /// A generator whose sequence can be repeated from the seed.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state ^ (self.state >> 29)
        }
    }

    @Test("Whatever happens, each call ends exactly once and replies match the order of writing", arguments: 0..<40)
    func randomWalk(seed: UInt64) {
        var random = Seeded(state: seed)
        var pending = PendingCalls(limit: 20)
        var clock: UInt64 = 0
        var next: UInt64 = 0
        var wire: [UInt64] = []
        var waitingForFlush: [UInt64] = []
        var heldOrder: [UInt64] = []
        var ended: [UInt64: Int] = [:]
        var refused = 0
        for _ in 0..<2000 {
            clock += 1
            switch UInt64.random(in: 0..<100, using: &random) {
            case 0..<45:
                next += 1
                switch pending.admit(self.call(next, at: clock), self.command, isWritable: next % 5 != 0) {
                case .write: waitingForFlush.append(next)
                case .held: heldOrder.append(next)
                case .refused: refused += 1
                }
            case 45..<60:
                wire += waitingForFlush
                waitingForFlush = []
                pending.flushed()
            case 60..<70:
                if pending.writeHeld() != nil { waitingForFlush.append(heldOrder.removeFirst()) }
            case 70..<85:
                let call = pending.receive()
                #expect(call?.id.number == wire.first)
                if !wire.isEmpty { wire.removeFirst() }
                if let call, call.completion != nil { ended[call.id.number, default: 0] += 1 }
            case 85..<93:
                let expired = pending.expire(enqueuedUpTo: .uptimeNanoseconds(clock > 30 ? clock - 30 : 0))
                for call in expired.sent + expired.unsent { ended[call.id.number, default: 0] += 1 }
                heldOrder.removeAll { number in expired.unsent.contains { $0.id.number == number } }
            default:
                let number = UInt64.random(in: 0...next, using: &random)
                guard let (call, wasSent) = pending.cancel(RedisCallID(number: number)) else { continue }
                #expect(call.id.number == number && wasSent == !heldOrder.contains(number))
                ended[number, default: 0] += 1
                heldOrder.removeAll { $0 == number }
            }
        }
        let remains = pending.removeAll()
        for call in remains.sent + remains.unsent where call.completion != nil {
            ended[call.id.number, default: 0] += 1
        }
        #expect(ended.values.allSatisfy { $0 == 1 })
        #expect(ended.count + refused == Int(next))
        #expect(refused > 0)
    }
}
