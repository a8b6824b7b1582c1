// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Every bound of the system in one place; a bound that a client can meet is also in the API documents.
package enum Limits {
    /// Bytes of a request body.
    package static let bodyBytesMax = 1_048_576
    /// Depth of a JSON body.
    package static let jsonDepthMax = 32
    /// Bytes of a request path with its query.
    package static let pathBytesMax = 8_192
    /// Shards of an installation: two hex digits name one.
    package static let shardCountMax = 256
    /// Extensions of one reservation, whatever a tenant allows: records count them in three digits.
    package static let extensionsMax: Int64 = 999
    /// Expirations of budget reservations in one script call.
    package static let expirationsPerCall = 75
    /// Expirations in one script call.
    package static let sweepBatchMax = 200
    /// Things of a closed tenant that one script call ends.
    package static let closeBatchMax = 100
    /// Independent lock items in one script call.
    package static let lockItemsPerCall = 64
    /// Lock items in one script call that only asks what would be.
    package static let lockQuestionsPerCall = 256
    /// Lock items in one request.
    package static let lockItemsMax = 1_000
    /// Items of a transaction.
    package static let transactionItemsMax = 100
    /// Blockers and ancestors, all together, that the items of a transaction may take along.
    package static let takenAlongMax = 400
    /// Reservations that one script call lists.
    package static let holdsPerCall: Int64 = 500
    /// Reservations that one script call releases for their requester.
    package static let holdsReleasedPerCall: Int64 = 100
    /// Lock events that one script call reads.
    package static let lockEventsPerCall: Int64 = 500
    /// Leases of event streams that one script call renews or gives back.
    package static let streamLeasesPerCall = 500
    /// How long a server that died keeps an event stream's place, ms.
    package static let streamLeaseMs: Int64 = 60_000
    /// Units of a registered resource.
    package static let capacity: ClosedRange<Int64> = 1...10_000
    /// Blockers of a resource.
    package static let blockersMax = 64
    /// Depth of a tree of resources.
    package static let treeDepthMax = 32
    /// Names in one registration, ancestors included.
    package static let registeredNamesMax = 4_000
    /// Definitions that one script call reads.
    package static let definitionsPerCall: Int64 = 500
    /// Definitions that one script call writes or deletes.
    package static let definitionsWrittenPerCall = 200
    /// Slots that one script call looks at for holds older than their pool.
    package static let slotsAdoptedPerCall: Int64 = 250
    /// Times a change of definitions is worked out anew because another one came first.
    package static let definitionAttemptsMax = 64
    /// Definitions below a resource that is moved in its tree.
    package static let movedDefinitionsMax = 4_000
    /// Bytes of a resource name, requester, resource type.
    package static let lockNameBytesMax = 256
    /// Seconds a lock may last: 100 years, so that every deadline keeps 13 digits of milliseconds.
    package static let lockTTLSecondsMax: Int64 = 3_153_600_000
    /// Characters of an idempotency key.
    package static let idempotencyKeyCharacters = 1...256
    /// Characters of a reservation id in a path.
    package static let reservationIDBytesMax = 128
    /// Rows of a page and the default.
    package static let pageRows: ClosedRange<Int64> = 1...200
    package static let pageRowsDefault: Int64 = 50
    /// Rows of a page of ledgers in full.
    package static let ledgerPageRows: ClosedRange<Int64> = 1...100
    /// Characters of `scope_prefix`, as many as of a scope.
    package static let scopePrefixCharactersMax = 1_024
    /// Directory entries of ledgers that one script call reads.
    package static let ledgersPerScan: Int64 = 1_000
    /// Ledgers, and tenants, that one list may look at to sort them: 100 script calls of about a millisecond.
    package static let ledgersScannedMax: Int64 = 100_000
    /// Ledgers that one page in directory order may look at; a page that meets it ends early.
    package static let ledgersScannedPerPage: Int64 = 20_000
    /// Rows of the reservation directory that one script call reads: 64,000 bytes.
    package static let rowsPerCall: Int64 = 1_000
    /// Rows that one page in the order of creation may look at; a page that meets it ends early.
    package static let rowsPerPage = 1_000_000
    /// Scope paths that one list keeps in mind, give or take those of one call.
    package static let pathsKept = 100_000
    /// Bytes of a page of reservations after which it ends early.
    package static let pageBytes = 4_194_304
    /// How long a request waits for due expirations before it is refused, ms.
    package static let behindMaxMs: Int64 = 250
    /// How long finished reservations are kept at least, ms: idempotency records live as long.
    package static let retentionFinalFloorMs: Int64 = 86_400_000
    /// Cached principals; beyond it the cache starts anew.
    package static let principalCacheMax = 20_000
    /// Bytes of an API key in a header; ours are far shorter.
    package static let apiKeyBytesMax = 512
    /// Lifetime of an API key created without `expires_at`, ms: 90 days.
    package static let keyLifetimeMs: Int64 = 7_776_000_000
    /// How long the global entry of a key lives before its row is confirmed, s.
    package static let keyEntryProvisionalSeconds = 300
    /// Characters of a User-Agent that are kept in an audit entry.
    package static let userAgentCharactersMax = 256
    /// Policies of a tenant: servers hold all of them in memory, and each reservation is held against them.
    package static let policiesMax: Int64 = 200
    /// Bytes of a policy's caps as JSON: they become part of each reservation.
    package static let capsBytesMax = 4_096
    /// Tools of an allow list or deny list.
    package static let capsToolsMax = 256
}
