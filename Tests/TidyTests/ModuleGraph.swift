// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Which module may import which: the layers of docs/ARCHITECTURE.md as a table. SwiftPM lets a target import whatever
/// happens to be built already, so this is where an arrow that points up is caught.
enum ModuleGraph {
    /// What a module may import.
    struct Rule {
        /// Modules of this package.
        let own: Set<String>
        /// Modules of other packages and of the system.
        let foreign: Set<String>

        init(_ own: Set<String> = [], foreign: Set<String> = []) {
            self.own = own
            self.foreign = foreign
        }
    }

    private static let system: Set<String> = ["Darwin", "Glibc", "Musl", "Dispatch", "Synchronization"]
    private static let foundation = system.union(["Foundation", "FoundationEssentials"])
    private static let nio: Set<String> = ["NIOCore", "NIOPosix"]
    private static let domain: Set<String> = ["SharedKernel", "LuaCatalog", "StrictJSON"]
    /// What turns replies and settings into a running process.
    private static let process = foundation.union(nio).union(["Logging", "Metrics", "CoreMetrics", "ServiceLifecycle"])

    /// Every target below `Sources`.
    static let rules: [String: Rule] = [
        // Build tooling and foundations: nothing here knows what Holdfast is about.
        "LuaBundling": Rule(foreign: foundation),
        "luabundle": Rule(["LuaBundling"], foreign: foundation),
        "embedtext": Rule(foreign: foundation),
        "LuaCatalog": Rule(),
        "OpenAPIFiles": Rule(),
        "StrictJSON": Rule(foreign: system),
        "Observability": Rule(foreign: system.union(["Logging", "CoreMetrics"])),
        "RedisClient": Rule(
            ["CHiredis"], foreign: system.union(nio).union(["NIOSSL", "NIOConcurrencyHelpers", "DequeModule"])),
        "LocalStack": Rule(foreign: foundation),
        "Egress": Rule(
            ["Observability"], foreign: system.union(nio).union(["AsyncHTTPClient", "NIOHTTP1", "NIOSSL"])),

        // The kernel, the domains side by side, the HTTP edge above them.
        "SharedKernel": Rule(
            ["LuaCatalog", "RedisClient", "StrictJSON"], foreign: system.union(["NIOCore", "Crypto", "Metrics"])),
        "Budgets": Rule(domain, foreign: system),
        "Events": Rule(["SharedKernel", "Observability", "StrictJSON"], foreign: system),
        "Webhooks": Rule(domain.union(["Events", "Observability"]), foreign: system.union(["Crypto"])),
        "Reservations": Rule(domain, foreign: system),
        "HTTPAPI": Rule(
            domain.union([
                "Budgets", "Reservations", "Events", "Webhooks", "OpenAPIFiles", "RedisClient", "Observability",
            ]),
            foreign: system.union(["NIOCore", "HTTPTypes", "JWTKit", "Logging"])),
        "Verification": Rule(
            domain.union(["Budgets", "Reservations", "Webhooks", "RedisClient"]), foreign: system.union(nio)),

        // Processes: settings, wiring, command line.
        "HoldfastSettings": Rule(
            ["SharedKernel", "RedisClient", "Observability"],
            foreign: foundation.union(["Configuration", "Logging", "ArgumentParser"])),
        "HoldfastRuntime": Rule(
            domain.union(["HTTPAPI", "HoldfastSettings", "Egress", "Webhooks", "RedisClient", "Observability"]),
            foreign: process.union([
                "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1",
                "NIOExtras",
                "UnixSignals",
            ])),
        "HoldfastServer": Rule(
            domain.union([
                "HTTPAPI", "HoldfastRuntime", "HoldfastSettings", "Budgets", "Reservations", "Webhooks", "RedisClient",
                "Observability", "Egress", "Webhooks",
            ]),
            foreign: process),
        "HoldfastWorker": Rule(
            domain.union([
                "HoldfastRuntime", "HoldfastSettings", "Budgets", "Reservations", "Events", "Webhooks", "Egress",
                "RedisClient", "Observability",
            ]),
            foreign: process),
        "HoldfastCLI": Rule(
            domain.union([
                "HTTPAPI", "HoldfastRuntime", "HoldfastSettings", "HoldfastServer", "HoldfastWorker", "Verification",
                "LocalStack", "Budgets", "Reservations", "RedisClient", "Observability",
            ]),
            foreign: process.union(["ArgumentParser", "HTTPTypes", "NIOHTTP1", "NIOSSL", "UnixSignals"])),
        "holdfast": Rule(["HoldfastCLI"], foreign: process.union(["ArgumentParser"])),
        "holdfast-server": Rule(["HoldfastServer", "HoldfastRuntime", "HoldfastSettings"], foreign: process),
        "holdfast-worker": Rule(["HoldfastWorker", "HoldfastRuntime", "HoldfastSettings"], foreign: process),
        "holdfast-bench": Rule(
            domain.union(["LocalStack", "RedisClient", "Budgets", "Reservations"]),
            foreign: process.union(["ArgumentParser", "Histogram", "NIOHTTP1", "HTTPTypes"])),

        // For tests alone.
        "TestSupport": Rule(
            domain.union([
                "LocalStack", "LuaBundling", "OpenAPIFiles", "RedisClient", "Budgets", "Reservations", "Observability",
            ]),
            foreign: process.union(["Yams"])),
    ]

    /// One `import` line.
    struct Import: Hashable, CustomStringConvertible {
        let path: String
        let line: Int
        /// The folder below `Sources` or `Tests`.
        let target: String
        let module: String

        var description: String { "\(path):\(line): \(target) imports \(module)" }
    }

    /// The imports of a file of the package.
    static func imports(of file: Repository.File) -> [Import] {
        let parts = file.path.split(separator: "/")
        guard parts.count > 2 else { return [] }
        let pattern =
            /^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        return file.code.lines.enumerated().compactMap { index, line in
            guard line.utf8.contains(UInt8(ascii: "m")), line.contains("import"),
                let match = line.firstMatch(of: pattern)
            else { return nil }
            return Import(path: file.path, line: index + 1, target: String(parts[1]), module: String(match.1))
        }
    }

    /// What is wrong with an import of a target below `Sources`; nil when it is allowed.
    static func objection(to found: Import) -> String? {
        guard let rule = rules[found.target] else { return "\(found): the target has no rule in ModuleGraph.swift" }
        if rule.own.contains(found.module) || rule.foreign.contains(found.module) { return nil }
        return "\(found): not an edge of the module graph"
    }
}
