// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes
internal import SharedKernel
internal import Synchronization

/// Who asked, across services: request id (ours, one per request) and trace id (runtime digest 8).
package struct Correlation: Sendable {
    /// 32 lower-case hex digits, unique per request.
    package let requestID: [UInt8]
    /// 32 lower-case hex digits.
    package let traceID: [UInt8]
    /// Two hex digits of an inbound `traceparent`, else `01`.
    package let traceFlags: [UInt8]
    /// Whether the trace id came from a valid `traceparent`.
    package let hasInboundTraceparent: Bool

    /// Takes the trace id from `traceparent`, else `X-Cycles-Trace-Id`, else makes one; a malformed header counts as
    /// absent and is never a reason to refuse.
    package init(headers: HTTPFields) {
        requestID = RequestCounter.next()
        if let value = headers[.traceparent], let parsed = Self.parseTraceparent([UInt8](value.utf8)) {
            (traceID, traceFlags) = parsed
            hasInboundTraceparent = true
            return
        }
        hasInboundTraceparent = false
        traceFlags = [48, 49]
        if let value = headers[.cyclesTraceID], Self.isID([UInt8](value.utf8)[...], digits: 32) {
            traceID = [UInt8](value.utf8)
        } else {
            traceID = Self.freshTraceID()
        }
    }

    private static func parseTraceparent(_ text: [UInt8]) -> ([UInt8], [UInt8])? {
        guard text.count == 55, text[0] == 48, text[1] == 48, text[2] == 45, text[35] == 45, text[52] == 45,
            isID(text[3..<35], digits: 32), isID(text[36..<52], digits: 16),
            text[53...].allSatisfy(isHex)
        else { return nil }
        return (Array(text[3..<35]), Array(text[53...]))
    }

    private static func isID(_ text: ArraySlice<UInt8>, digits: Int) -> Bool {
        text.count == digits && text.allSatisfy(isHex) && !text.allSatisfy { $0 == 48 }
    }

    private static func isHex(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

    private static func freshTraceID() -> [UInt8] {
        let (high, low) = TraceNumbers.next()
        return hexText(high, width: 16) + hexText(low, width: 16)
    }
}

/// Request ids: 16 random hex digits of this process, then a counter.
private enum RequestCounter {
    private static let process = hexText(UInt64.random(in: 1...UInt64.max), width: 16)
    private static let counter = Atomic<UInt64>(0)

    static func next() -> [UInt8] {
        process + hexText(counter.wrappingAdd(1, ordering: .relaxed).newValue, width: 16)
    }
}

/// Numbers for trace ids. They must not repeat; nobody need fail to guess them, so a seed of the system's generator is
/// enough and no request pays for a system call.
private enum TraceNumbers {
    private static let seed = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    private static let counter = Atomic<UInt64>(0)

    /// Two halves; never both zero.
    static func next() -> (UInt64, UInt64) {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let low = mixed(seed.1 &+ number)
        return (mixed(seed.0 ^ number) | 1, low)
    }

    /// The finaliser of SplitMix64: a bijection, so different numbers stay different.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
