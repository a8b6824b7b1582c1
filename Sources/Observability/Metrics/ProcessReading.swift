// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One of the standard metrics about the process itself, found by asking the kernel at each scrape.
struct ProcessReading {
    let name: String
    let help: String
    let isCounter: Bool
    let read: @Sendable () -> Double?

    /// What this system can tell: on Linux the five standard metrics, where there is no `/proc` nothing.
    static func available() -> [ProcessReading] {
        let startTime = ProcessFiles.startTime_s()
        let readings = [
            ProcessReading(
                name: "process_cpu_seconds_total",
                help: "CPU time this process has used, in user and kernel mode.",
                isCounter: true,
                read: { ProcessFiles.cpu_s() }
            ),
            ProcessReading(
                name: "process_resident_memory_bytes",
                help: "Memory of this process that is in RAM.",
                isCounter: false,
                read: { ProcessFiles.residentMemory_bytes() }
            ),
            ProcessReading(
                name: "process_open_fds",
                help: "File descriptors this process has open.",
                isCounter: false,
                read: { ProcessFiles.openDescriptors() }
            ),
            ProcessReading(
                name: "process_max_fds",
                help: "File descriptors this process may have open.",
                isCounter: false,
                read: { ProcessFiles.maximumDescriptors() }
            ),
            ProcessReading(
                name: "process_start_time_seconds",
                help: "When this process started, in seconds since 1970.",
                isCounter: false,
                read: { startTime }
            ),
        ]
        return readings.filter { $0.read() != nil }
    }
}

/// What the kernel tells about this process in `/proc`; nil where a file cannot be read or has another shape than
/// expected.
enum ProcessFiles {
    static func cpu_s() -> Double? {
        guard let stat = statFields(), let user = stat.number(14), let system = stat.number(15) else { return nil }
        return ticksPerSecond.map { (user + system) / $0 }
    }

    static func residentMemory_bytes() -> Double? {
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        guard let pages = statFields()?.number(24), pageSize > 0 else { return nil }
        return pages * pageSize
    }

    static func startTime_s() -> Double? {
        guard let ticks = ticksPerSecond, let start = statFields()?.number(22) else { return nil }
        let bootLine = contents(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return bootLine.flatMap { Double($0.dropFirst("btime ".count)) }.map { $0 + start / ticks }
    }

    static func openDescriptors() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // The names are numbers, besides "." and "..".
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // One of them is the directory being read.
        return Double(max(0, count - 1))
    }

    static func maximumDescriptors() -> Double? {
        let prefix = "Max open files"
        let line = contents(of: "/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix(prefix) }
        return line?.dropFirst(prefix.count).split(separator: " ").first.flatMap { Double($0) }
    }

    /// The fields of `/proc/self/stat`, counted from one as in proc(5).
    private struct StatFields {
        /// From the third field on: the second is the name of the program, which may contain anything.
        let afterName: [Substring]

        func number(_ position: Int) -> Double? {
            let index = position - 3
            return afterName.indices.contains(index) ? Double(afterName[index]) : nil
        }
    }

    private static func statFields() -> StatFields? {
        guard let text = contents(of: "/proc/self/stat"), let nameEnd = text.lastIndex(of: ")") else { return nil }
        return StatFields(afterName: text[text.index(after: nameEnd)...].split(separator: " "))
    }

    private static var ticksPerSecond: Double? {
        let ticks = sysconf(Int32(_SC_CLK_TCK))
        return ticks > 0 ? Double(ticks) : nil
    }

    /// The start of a file, at most 1 MiB of it.
    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1_048_576 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
