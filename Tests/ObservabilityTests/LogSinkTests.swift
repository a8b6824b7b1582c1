// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Logging
import Observability
import Testing

@Suite("Log sink on a file descriptor")
struct LogSinkTests {
    /// Both ends of a pipe, neither of which blocks.
    private struct Pipe {
        let readEnd: Int32
        let writeEnd: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (readEnd, writeEnd) = (ends[0], ends[1])
            for end in ends {
                try #require(fcntl(end, F_SETFL, O_NONBLOCK) == 0)
            }
        }

        func readAvailable() -> [UInt8] {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(readEnd, &chunk, chunk.count)
                guard count > 0 else { return bytes }
                bytes.append(contentsOf: chunk[..<count])
            }
        }

        func closeBoth() {
            close(readEnd)
            close(writeEnd)
        }
    }

    @Test("lines of many tasks arrive whole")
    func wholeLines() async throws {
        let pipe = try Pipe()
        defer { pipe.closeBoth() }
        let sink = FileDescriptorLogSink(descriptor: pipe.writeEnd)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<50 {
                        sink.write(Array(repeating: UInt8(ascii: "a") + UInt8(task), count: 100) + [0x0A])
                    }
                }
            }
        }
        let lines = pipe.readAvailable().split(separator: 0x0A)
        #expect(lines.count == 400)
        #expect(lines.allSatisfy { $0.count == 100 && Set($0).count == 1 })
        #expect(sink.lostLines == 0)
    }

    @Test("a full pipe loses lines, counts them, and never glues two together")
    func fullPipe() throws {
        let pipe = try Pipe()
        defer { pipe.closeBoth() }
        let sink = FileDescriptorLogSink(descriptor: pipe.writeEnd)
        let line = Array(repeating: UInt8(ascii: "x"), count: 9_999) + [0x0A]
        for _ in 0..<20 { sink.write(line) }
        let lost = sink.lostLines
        #expect(lost > 0)
        let before = pipe.readAvailable()
        sink.write(Array("next\n".utf8))
        let all = before + pipe.readAvailable()
        #expect(all.suffix(6).elementsEqual("\nnext\n".utf8))
        #expect(sink.lostLines == lost)
        sink.write(Array("after\n".utf8))
        #expect(pipe.readAvailable().elementsEqual("after\n".utf8))
    }

    @Test("a descriptor that is not open loses the line and nothing else")
    func closedDescriptor() {
        let sink = FileDescriptorLogSink(descriptor: -1)
        sink.write(Array("x\n".utf8))
        #expect(sink.lostLines == 1)
    }
}
