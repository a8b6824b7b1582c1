// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import PackageDescription

/// Flags of every target; Swift 6 mode comes with the tools version, the rest makes imports and existentials explicit.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The same for programs that nothing imports, where access levels of imports say nothing.
let plain: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "holdfast",
    platforms: [.macOS(.v26)],
    products: [],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-crypto", "3.0.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // Build tooling: Lua scripts become a Swift catalogue.
        .target(name: "LuaBundling", swiftSettings: strict),
        .executableTarget(name: "luabundle", dependencies: ["LuaBundling"], swiftSettings: strict),
        .plugin(name: "EmbedLua", capability: .buildTool(), dependencies: ["luabundle"]),
        .executableTarget(name: "embedtext", swiftSettings: strict),
        .plugin(name: "EmbedAPIFiles", capability: .buildTool(), dependencies: ["embedtext"]),

        // Foundations: no target here knows what Holdfast is about.
        .systemLibrary(
            name: "CHiredis", providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        .target(
            name: "RedisClient", dependencies: ["CHiredis", nioCore, nioPosix, nioSSL, deque], swiftSettings: strict),
        .target(name: "LocalStack", swiftSettings: strict),
        .target(name: "LuaCatalog", swiftSettings: strict, plugins: ["EmbedLua"]),
        .target(name: "OpenAPIFiles", swiftSettings: strict, plugins: ["EmbedAPIFiles"]),
        .target(name: "StrictJSON", swiftSettings: strict),
        .target(name: "Observability", dependencies: [logging, coreMetrics], swiftSettings: strict),
        .target(
            name: "Egress", dependencies: ["Observability", asyncHTTPClient, nioCore, nioPosix, nioHTTP1, nioSSL],
            swiftSettings: strict),

        // The kernel that both domains share, and the domains, which never import each other.
        .target(
            name: "SharedKernel",
            dependencies: ["LuaCatalog", "RedisClient", "StrictJSON", crypto, metrics, nioCore],
            swiftSettings: strict),
        .target(name: "Budgets", dependencies: ["SharedKernel", "LuaCatalog", "StrictJSON"], swiftSettings: strict),
        .target(name: "Events", dependencies: ["SharedKernel", "Observability", "StrictJSON"], swiftSettings: strict),
        .target(
            name: "Webhooks",
            dependencies: ["Events", "SharedKernel", "LuaCatalog", "Observability", "StrictJSON", crypto],
            swiftSettings: strict),
        .target(
            name: "HTTPAPI",
            dependencies: [
                "Budgets", "Reservations", "Events", "Webhooks", "SharedKernel", "LuaCatalog", "OpenAPIFiles",
                "RedisClient", "StrictJSON", "Observability", nioCore, httpTypes, jwtKit, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Reservations", dependencies: ["SharedKernel", "LuaCatalog"], swiftSettings: strict),
        .target(
            name: "HoldfastSettings",
            dependencies: ["RedisClient", "Observability", "SharedKernel", configuration, logging],
            swiftSettings: strict),
        .target(
            name: "HoldfastRuntime",
            dependencies: [
                "HoldfastSettings", "HTTPAPI", "Egress", "Webhooks", "SharedKernel", "LuaCatalog", "RedisClient",
                "Observability", hummingbird,
                hummingbirdCore, nioCore, nioPosix, nioHTTP1, nioExtras, nioHTTPTypes, nioHTTPTypesHTTP1, httpTypes,
                lifecycle, unixSignals, logging, coreMetrics,
            ],
            swiftSettings: strict),
        .target(
            name: "HoldfastServer",
            dependencies: [
                "HoldfastRuntime", "HoldfastSettings", "HTTPAPI", "Egress", "Webhooks", "Observability", lifecycle,
                logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "holdfast-server", dependencies: ["HoldfastServer", "HoldfastRuntime", "HoldfastSettings"],
            swiftSettings: strict),
        .executableTarget(
            name: "holdfast-bench",
            dependencies: [
                "Budgets", "Reservations", "SharedKernel", "LuaCatalog", "RedisClient", "LocalStack", nioCore, nioPosix,
                histogram, argumentParser,
            ],
            swiftSettings: plain),
        .target(
            name: "Verification",
            dependencies: [
                "SharedKernel", "Budgets", "Reservations", "Webhooks", "RedisClient", "StrictJSON", nioCore,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: [
                "HTTPAPI", "Budgets", "Reservations", "Webhooks", "SharedKernel", "LuaCatalog", "RedisClient",
                "StrictJSON", "TestSupport", "LocalStack", "Observability", nioCore, nioPosix, httpTypes, crypto,
                logging,
            ],
            swiftSettings: plain),
        .testTarget(name: "LuaBundlingTests", dependencies: ["LuaBundling", "LuaCatalog"], swiftSettings: plain),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"], swiftSettings: plain),
        .testTarget(
            name: "ObservabilityTests", dependencies: ["Observability", logging, coreMetrics], swiftSettings: plain),
        .testTarget(
            name: "ReservationsTests",
            dependencies: [
                "Reservations", "SharedKernel", "LuaCatalog", "RedisClient", "LocalStack", nioCore, nioPosix,
            ],
            swiftSettings: plain),
        .testTarget(
            name: "VerificationTests",
            dependencies: [
                "Verification", "TestSupport", "LocalStack", "Budgets", "Events", "Webhooks", "SharedKernel",
                "LuaCatalog", "RedisClient", nioCore, nioPosix,
            ],
            swiftSettings: plain),
        .target(
            name: "HoldfastCLI",
            dependencies: [
                "Verification", "LocalStack", "HoldfastSettings", "SharedKernel", "RedisClient", "StrictJSON", nioCore,
                nioPosix, nioHTTP1, nioSSL, argumentParser,
            ],
            swiftSettings: strict),
        .executableTarget(name: "holdfast", dependencies: ["HoldfastCLI"], swiftSettings: strict),
        .testTarget(
            name: "CLITests", dependencies: ["HoldfastCLI", "LocalStack", "StrictJSON", argumentParser],
            swiftSettings: plain),
        .target(
            name: "HoldfastWorker",
            dependencies: [
                "HoldfastRuntime", "HoldfastSettings", "Budgets", "Reservations", "Events", "Webhooks", "Egress",
                "SharedKernel",
                "LuaCatalog", "Observability", lifecycle, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "holdfast-worker", dependencies: ["HoldfastWorker", "HoldfastRuntime", "HoldfastSettings"],
            swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "LuaBundling", "LuaCatalog", "LocalStack", "OpenAPIFiles", "RedisClient", "StrictJSON", nioCore,
                nioPosix, yams,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RedisClientTests",
            dependencies: ["RedisClient", "LocalStack", nioCore, nioPosix, nioEmbedded, nioSSL], swiftSettings: plain),
        .testTarget(
            name: "EgressTests", dependencies: ["Egress", nioCore, nioPosix, nioHTTP1, nioSSL], swiftSettings: plain),
        .testTarget(
            name: "LuaScriptTests", dependencies: ["TestSupport", "LuaBundling", "LuaCatalog"],
            swiftSettings: plain),
        .testTarget(
            name: "ModelTests",
            dependencies: [
                "TestSupport", "HTTPAPI", "Budgets", "Reservations", "SharedKernel", "LuaCatalog", "RedisClient",
                "StrictJSON", "Observability", "LocalStack", nioCore, nioPosix, httpTypes, logging,
            ],
            swiftSettings: plain),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "HoldfastServer", "HoldfastWorker", "StrictJSON", "Webhooks", "HoldfastRuntime", "HoldfastSettings",
                "HTTPAPI", "SharedKernel", "Verification",
                "LuaCatalog", "RedisClient", "Observability", "LocalStack", "holdfast-server", "holdfast-worker",
                nioCore, nioPosix, nioHTTP1, httpTypes, lifecycle, logging,
            ],
            swiftSettings: plain),
        .testTarget(
            name: "OpenAPITests", dependencies: ["TestSupport", "HTTPAPI", "OpenAPIFiles", "StrictJSON", httpTypes],
            swiftSettings: plain),
        .testTarget(
            name: "WebhooksTests", dependencies: ["Webhooks", "Events", "SharedKernel", "Observability", "StrictJSON"],
            swiftSettings: plain),
        .testTarget(name: "TidyTests", swiftSettings: plain),
    ]
)
