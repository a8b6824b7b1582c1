// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import CoreMetrics
package import HoldfastSettings
internal import Logging
internal import Observability
internal import ServiceLifecycle
internal import UnixSignals

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The main function of both executables: settings, logging, metrics, signals, exit code.
package enum Program {
    /// Reads the settings from the process' arguments and environment, builds, and runs until SIGTERM or SIGINT.
    package static func main<Value>(
        label: String,
        read: @Sendable ([String], [String: String]) throws(SettingsError) -> CommandLineRequest<Value>,
        shared: @Sendable (Value) -> SharedSettings,
        build: @Sendable (Value, ProcessContext) async throws(StartupError) -> HoldfastProcess
    ) async -> Never {
        let environment = currentEnvironment()
        let settings: Value
        do throws(SettingsError) {
            switch try read(Array(CommandLine.arguments.dropFirst()), environment) {
            case .show(let text):
                say(text, to: STDOUT_FILENO)
                exit(0)
            case .run(let value): settings = value
            }
        } catch {
            say("\(label): \(error)", to: STDERR_FILENO)
            exit(SettingsError.exitCode)
        }
        let context = bootstrap(label, shared(settings), environment)
        do throws(StartupError) {
            try await run(try await build(settings, context), logger: context.logger)
        } catch {
            context.logger.critical("cannot start", metadata: .keyed([.error: .string(error.description)]))
            exit(error.exitCode)
        }
        exit(0)
    }

    private static func run(_ process: HoldfastProcess, logger: Logger) async throws(StartupError) {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let group = ServiceGroup(
            services: [process], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        do {
            try await group.run()
        } catch let error as StartupError {
            throw error
        } catch {
            logger.error("ended by force", metadata: .keyed([.error: "\(error)"]))
        }
    }

    private static func bootstrap(
        _ label: String, _ settings: SharedSettings, _ environment: [String: String]
    ) -> ProcessContext {
        raiseDescriptorLimit()
        let format = settings.logFormat
        let level = settings.logLevel
        LoggingSystem.bootstrap { format.handler(label: $0, level: level) }
        // About a hundred operations and scripts, each with a histogram of some twenty lines.
        let registry = PrometheusRegistry(version: Settings.version, seriesLimit: 6_000)
        MetricsSystem.bootstrap(PrometheusMetricsFactory(registry: registry))
        let logger = Logger(label: label)
        for name in Settings.unknownNames(in: environment) {
            logger.warning("unknown setting in the environment", metadata: .keyed([.setting: .string(name)]))
        }
        return ProcessContext(registry: registry, logger: logger)
    }

    /// Each connection takes a descriptor; the usual soft limit of 1,024 is for programs that use select().
    private static func raiseDescriptorLimit() {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    private static func currentEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }

    private static func say(_ text: String, to descriptor: Int32) {
        FileDescriptorLogSink(descriptor: descriptor).write([UInt8]((text + "\n").utf8))
    }
}
