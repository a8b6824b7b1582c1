// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Testing

@Suite("What an error means for the caller")
struct RedisErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let line: String
        let kind: RedisServerError.Kind
        let outcome: RedisError.Outcome
        let retry: RedisError.Retry
        var testDescription: String { self.line }

        init(
            _ line: String,
            _ kind: RedisServerError.Kind,
            _ outcome: RedisError.Outcome,
            _ retry: RedisError.Retry
        ) {
            self.line = line
            self.kind = kind
            self.outcome = outcome
            self.retry = retry
        }
    }

    static let serverErrors = [
        Row("NOSCRIPT No matching script. Please use EVAL.", .noScript, .notApplied, .afterScriptLoad),
        Row("ERR Function not found", .noScript, .notApplied, .afterScriptLoad),
        Row("LOADING Redis is loading the dataset in memory", .loading, .notApplied, .afterBackoff),
        Row("MASTERDOWN Link with MASTER is down", .masterDown, .notApplied, .afterBackoff),
        Row("CLUSTERDOWN Hash slot not served", .clusterDown, .notApplied, .afterBackoff),
        Row("TRYAGAIN Multiple keys request during rehashing of slot", .tryAgain, .notApplied, .afterBackoff),
        Row("MOVED 3999 127.0.0.1:6381", .moved, .notApplied, .elsewhere),
        Row("ASK 3999 127.0.0.1:6381", .ask, .notApplied, .elsewhere),
        Row("READONLY You can't write against a read only replica.", .readOnly, .notApplied, .again),
        Row("BUSY Redis is busy running a script.", .busy, .notApplied, .never),
        Row("OOM command not allowed when used memory > 'maxmemory'.", .oom, .notApplied, .never),
        Row("OOM command not allowed. script: ab, on @user_script:2.", .oom, .maybePartial, .never),
        Row("MISCONF Redis is configured to save RDB snapshots", .misconf, .notApplied, .never),
        Row("MISCONF cannot persist script: ab, on @user_script:2.", .misconf, .maybePartial, .never),
        Row("NOREPLICAS Not enough good replicas to write.", .noReplicas, .notApplied, .never),
        Row("NOPERM this user has no permissions", .noPerm, .maybePartial, .never),
        Row("WRONGTYPE Operation against a key", .wrongType, .maybePartial, .never),
        Row("ERR user_script:1: boom script: ab, on @user_script:1.", .other, .maybePartial, .never),
        Row("NOAUTH Authentication required.", .noAuth, .notApplied, .never),
        Row("WRONGPASS invalid username-password pair", .wrongPass, .notApplied, .never),
        Row("CROSSSLOT Keys in request don't hash to the same slot", .crossSlot, .notApplied, .never),
        Row("EXECABORT Transaction discarded", .execAbort, .notApplied, .never),
        Row("BUSYGROUP Consumer Group name already exists", .other, .maybePartial, .never),
        Row("", .other, .maybePartial, .never),
    ]

    @Test("An error reply has its kind, its outcome and its advice", arguments: serverErrors)
    func serverError(_ row: Row) {
        let error = RedisError.server(RedisServerError(message: Array(row.line.utf8)))
        #expect(error.serverError?.kind == row.kind)
        #expect(error.outcome == row.outcome)
        #expect(error.retry == row.retry)
        #expect(error.retryableWithinRequest == (row.retry != .never))
        #expect(error.message == row.line)
    }

    @Test("Every kind of error reply is in the table")
    func kindsAreCovered() {
        #expect(Set(Self.serverErrors.map(\.kind)) == Set(RedisServerError.Kind.allCases))
    }

    static let faults: [(RedisError.Code, RedisError.Outcome, RedisError.Retry)] = [
        (.notConnected, .notApplied, .again), (.connectTimeout, .notApplied, .again),
        (.connectFailed, .notApplied, .again), (.connectionLostBeforeSend, .notApplied, .again),
        (.busy, .notApplied, .never), (.shutdown, .notApplied, .never), (.cancelledBeforeSend, .notApplied, .never),
        (.timeout, .unknown, .ifIdempotent), (.connectionLost, .unknown, .ifIdempotent),
        (.protocolError, .unknown, .ifIdempotent), (.cancelled, .unknown, .never),
    ]

    @Test("A fault has its outcome and its advice", arguments: faults)
    func fault(_ code: RedisError.Code, _ outcome: RedisError.Outcome, _ retry: RedisError.Retry) {
        let error = RedisError(code, "why")
        #expect(error.outcome == outcome)
        #expect(error.retry == retry)
        #expect(error.description == "\(code): why")
        #expect(error.serverError == nil)
    }

    @Test("Every code is in one of the tables")
    func codesAreCovered() {
        #expect(Set(Self.faults.map(\.0) + [.server]) == Set(RedisError.Code.allCases))
    }

    @Test("Only wrong credentials and missing permissions are for the operator alone")
    func configurationFaults() {
        let kinds = Self.serverErrors.filter {
            RedisError.server(RedisServerError(message: Array($0.line.utf8))).isConfigurationFault
        }
        #expect(Set(kinds.map(\.kind)) == [.noAuth, .wrongPass, .noPerm])
        #expect(!RedisError(.connectFailed, "").isConfigurationFault)
    }
}
