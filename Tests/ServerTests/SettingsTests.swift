// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastSettings
import Logging
import Observability
import RedisClient
import Testing

@Suite("Settings")
struct SettingsTests {
    private func server(_ arguments: [String], _ environment: [String: String] = [:]) throws -> ServerSettings {
        guard case .run(let settings) = try ServerSettings.read(arguments: arguments, environment: environment) else {
            throw SettingsTestFailure.showedText
        }
        return settings
    }

    private func complaint(_ arguments: [String], _ environment: [String: String] = [:]) -> String? {
        do {
            _ = try ServerSettings.read(arguments: arguments, environment: environment)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("nothing said gives the documented defaults")
    func defaults() throws {
        let settings = try server([])
        #expect(settings.host == "127.0.0.1" && settings.port == 7_878)
        #expect(settings.shared.redis.endpoint == .tcp(host: "127.0.0.1", port: 6_379))
        #expect(settings.shared.shards == 64 && settings.shared.retentionFinal == .seconds(7 * 86_400))
        #expect(settings.adminKey == nil && settings.usesFastLane)
        #expect(settings.shared.logLevel == .info && settings.shared.logFormat == .json)
        #expect(settings.shared.shutdownSeconds == 20)
    }

    @Test("a flag wins over the environment, and an empty variable counts as not set")
    func precedence() throws {
        let environment = ["HOLDFAST_PORT": "1000", "HOLDFAST_SHARDS": "8", "HOLDFAST_HOST": ""]
        let settings = try server(["--port", "2000"], environment)
        #expect(settings.port == 2_000 && settings.shared.shards == 8 && settings.host == "127.0.0.1")
    }

    @Test("flags are written --name value or --name=value, and a switch may stand alone")
    func flagForms() throws {
        let settings = try server([
            "--redis-url=unix:///tmp/r.sock", "--allow-volatile", "--fast-lane", "false", "--retention-final", "36h",
        ])
        #expect(settings.shared.redis.endpoint == .unix(path: "/tmp/r.sock"))
        #expect(settings.shared.allowsVolatile && !settings.usesFastLane)
        #expect(settings.shared.retentionFinal == .seconds(36 * 3_600))
    }

    @Test(
        "a bad command line is refused in one sentence that names the flag",
        arguments: [
            (["--port", "65536"], "--port must be a whole number from 0 to 65535, not \"65536\""),
            (["--port", "+1"], "--port must be a whole number from 0 to 65535, not \"+1\""),
            (["--port"], "--port needs a value"),
            (["--port", "1", "--port", "2"], "--port is given twice"),
            (["--prot", "1"], "unknown flag --prot: --help lists all"),
            (["serve"], "unexpected argument \"serve\": write --name value"),
            (["--shards", "0"], "--shards must be a whole number from 1 to 256, not \"0\""),
            (["--shards", "257"], "--shards must be a whole number from 1 to 256, not \"257\""),
            (
                ["--retention-final", "23h"],
                "--retention-final must be a duration such as 7d, 36h or 90m, 24h…3650d, not \"23h\""
            ),
            (["--log-format", "xml"], "--log-format must be one of json, text, not \"xml\""),
            (["--fast-lane", "maybe"], "--fast-lane must be true or false, not \"maybe\""),
            (["--redis-url", ""], "--redis-url must not be empty"),
            (["--redis-ca-file", "/x.pem"], "HOLDFAST_REDIS_CA_FILE has a meaning only with a rediss:// URL"),
            (["--host", "a\nb"], "--host must be without spaces or control characters, not \"a?b\""),
        ])
    func refusals(arguments: [String], expected: String) {
        #expect(complaint(arguments) == expected)
    }

    @Test("a bad variable is named as the variable")
    func badVariable() {
        let expected = "HOLDFAST_SHARDS must be a whole number from 1 to 256, not \"many\""
        #expect(complaint([], ["HOLDFAST_SHARDS": "many"]) == expected)
    }

    @Test("the port that Kubernetes sets for a service of our name is explained")
    func kubernetes() throws {
        let text = try #require(complaint([], ["HOLDFAST_PORT": "tcp://10.0.0.1:7878"]))
        #expect(text.contains("enableServiceLinks"))
    }

    @Test("no complaint repeats a secret", arguments: ["--redis-url", "--admin-api-key"])
    func secretsAreNotRepeated(flag: String) throws {
        let text = try #require(complaint([flag, "redis://user:hunter two@host:99999"]))
        #expect(!text.contains("hunter"))
    }

    @Test("settings that are shown hide the admin key and the password of Redis")
    func secretsAreHidden() throws {
        let settings = try server([
            "--admin-api-key", "topsecretkey", "--redis-url", "redis://user:hunter2@localhost",
        ])
        var shown = ""
        dump(settings, to: &shown)
        shown += "\(settings) \(String(reflecting: settings))"
        #expect(!shown.contains("topsecretkey") && !shown.contains("hunter2"))
        #expect(settings.adminKey?.matches([UInt8]("topsecretkey".utf8)) == true)
    }

    @Test("help names every setting with its variable, default and meaning")
    func help() throws {
        guard case .show(let text) = try ServerSettings.read(arguments: ["--help"], environment: [:]) else {
            throw SettingsTestFailure.ranInstead
        }
        for row in ServerSettings.ownRows + SharedSettings.rows {
            #expect(text.contains(row.flag) && text.contains(row.name) && text.contains(row.summary))
        }
        let rows = Settings.tables.flatMap(\.rows)
        #expect(Set(rows.map(\.name)).count == rows.count)
        #expect(rows.allSatisfy { $0.name.hasPrefix("HOLDFAST_") && Settings.markdown.contains("`\($0.name)`") })
    }

    @Test("variables that look like settings and are none are found")
    func unknownNames() {
        let environment = ["HOLDFAST_REDSI_URL": "x", "HOLDFAST_PORT": "1", "PATH": "/", "HOLDFAST_SERVICE_HOST": "y"]
        #expect(Settings.unknownNames(in: environment) == ["HOLDFAST_REDSI_URL"])
    }

    @Test("the worker has its own port and its sweep interval")
    func worker() throws {
        let request = try WorkerSettings.read(
            arguments: ["--sweep-interval-ms", "10"], environment: ["HOLDFAST_WORKER_PORT": "0"])
        guard case .run(let settings) = request else { throw SettingsTestFailure.showedText }
        #expect(settings.sweepIntervalMs == 10 && settings.port == 0)
        #expect(throws: SettingsError.self) {
            _ = try WorkerSettings.read(arguments: ["--sweep-interval-ms", "9"], environment: [:])
        }
    }

    @Test(
        "durations have one unit and no sign",
        arguments: [
            ("250ms", 250), ("30s", 30_000), ("90m", 5_400_000), ("36h", 129_600_000), ("7d", 604_800_000),
            ("", nil), ("7", nil), ("d", nil), ("-1d", nil), ("1.5h", nil), ("1w", nil), ("9223372036854775807d", nil),
        ] as [(String, Int64?)])
    func durations(text: String, milliseconds: Int64?) {
        #expect(DurationText.parse(text)?.wholeMilliseconds == milliseconds)
    }
}

private enum SettingsTestFailure: Error {
    case showedText, ranInstead
}
