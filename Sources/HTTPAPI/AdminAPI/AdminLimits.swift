// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// Bounds of the admin plane (admin digest 1.1, 1.2, 1.4).
extension Limits {
    /// Characters of the name of a tenant or an API key.
    static let nameCharacters = 1...256
    /// Characters of a tenant id in a body, a tenant's or not: ids of tenants are shorter.
    static let tenantIDCharacters = 1...256
    /// Characters of a scope: six levels of the longest ids take less.
    static let scopeCharacters = 1...1_024
    /// Characters of an API key's description.
    static let descriptionCharacters = 0...1_024
    /// Characters of the reason given for a change.
    static let reasonCharacters = 0...512
    /// Entries of a tenant's metadata.
    static let tenantMetadataMax = 32
    /// Bytes of any metadata as JSON: it is stored, and servers keep a tenant's in memory.
    static let metadataBytesMax = 16_384
    /// Depth of stored JSON: a body's, and what the server puts around parts of one.
    static let storedJSONDepthMax = jsonDepthMax + 16
    /// Permissions named for an API key, repetitions included.
    static let permissionsNamed = 0...128
    /// Entries of an API key's scope filter: each is held against every scope the key touches.
    static let scopeFilterEntries = 0...64
    /// Characters of a date-time.
    static let dateTimeBytesMax = 64
    /// Characters of `search`.
    static let searchCharactersMax = 128
    /// Rows of an admin list that one script call reads.
    static let listedRowsPerCall: Int64 = 500
    /// Rows that one page in order of creation may look at, or so; a page that meets it ends early.
    static let listedRowsPerPage = 20_000
    /// Rows that a list in any other order may look at: 100 script calls.
    static let sortedRowsMax = 50_000
    /// Rows that one bulk action may change.
    static let bulkRowsMax = 500
    /// Characters of the idempotency key of a bulk action.
    static let bulkKeyCharacters = 1...128
    /// How long a bulk action is held by a server that nothing more is heard of, ms.
    static let bulkLeaseMs: Int64 = 15_000
    /// Rows that a bulk action changes before it takes its lease anew.
    static let bulkRowsPerLease = 50
    /// Seconds of the log that the overview looks at.
    static let overviewWindowSeconds: Int64 = 3_600
    /// Rows of each list of the overview.
    static let overviewRows = 10
    /// Events, and other things of each kind but budgets, that the overview counts.
    static let overviewEventsMax = 20_000
    static let overviewRowsMax: Int64 = 100_000
    /// Characters of a correlation id or request id asked for.
    static let correlationCharactersMax = 512
    /// Calls that a request which closes a tenant makes itself; the worker makes the others.
    static let closeStepsPerRequest = 20
    /// Times a change is made anew because another one came first.
    static let changeAttemptsMax = 5
    /// Webhook subscriptions of an owner.
    static let subscriptionsMax: Int64 = 1_000
    /// Characters of a subscription's URL.
    static let webhookURLCharacters = 1...2_048
    /// Event types named by a subscription or for a replay, repetitions included.
    static let eventTypesNamed = 256
    /// Categories of events named by a subscription, repetitions included.
    static let eventCategoriesNamed = 64
    /// Characters of a signing secret that the client brings.
    static let signingSecretCharacters = 1...1_024
    /// Custom headers of a subscription, bytes of a name, of a value, and of all together: each delivery carries them.
    static let webhookHeadersMax = 32
    static let webhookHeaderNameBytesMax = 128
    static let webhookHeaderValueBytesMax = 4_096
    static let webhookHeadersBytesMax = 8_192
    /// Ids named in an answer of things that could not be ended with their tenant.
    static let failedResourcesShown = 100
}
