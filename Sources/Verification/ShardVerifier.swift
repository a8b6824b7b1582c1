// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges what the owners of one shard share: event logs and outbox, lanes, deliveries, and the lists of
/// subscriptions.
struct ShardVerifier: SecondLook {
    let place: ShardPlace
    let reader: BatchReader
    let options: VerificationOptions

    var name: [UInt8] { TenantID.system.bytes }

    private var events: EventVerifier { EventVerifier(place: place, reader: reader) }
    private var lanes: LaneVerifier { LaneVerifier(place: place, reader: reader, options: options) }
    private var deliveries: DeliveryVerifier { DeliveryVerifier(place: place, reader: reader) }
    private var keys: KeyVerifier { KeyVerifier(place: place, reader: reader) }

    /// Walks logs, outbox, lanes and lists, counts the events, and returns the subjects that deserve a second look.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        var suspects = Set(try await keys.wrongTypes().map(\.violation.subject))
        suspects.formUnion(try await events.scan(into: &counts))
        suspects.formUnion(try await lanes.scan())
        suspects.formUnion(try await keys.danglingEntries())
        return suspects
    }

    /// The same of keys of the shard that a scan of the keyspace has come across; counts the deliveries.
    func scan(
        keys found: [FoundKey], into counts: inout VerificationReport.Counts
    ) async throws(VerificationError) -> Set<VerifiedSubject> {
        func names(_ kind: FoundKey.Kind) -> [[UInt8]] { found.filter { $0.kind == kind }.map(\.name) }
        let ids = names(.delivery)
        counts.deliveries += ids.count
        var suspects = Set(try await deliveries.suspects(of: ids))
        suspects.formUnion(try await events.suspects(ofBodies: names(.event)))
        for subscription in names(.flights) {
            suspects.formUnion(try await deliveries.suspects(ofFlights: subscription))
        }
        for subscription in names(.list) {
            suspects.formUnion(try await deliveries.suspects(ofList: subscription))
        }
        suspects.formUnion(try await keys.suspects(found))
        return suspects
    }

    func findings(
        of subjects: Set<VerifiedSubject>
    ) async throws(VerificationError) -> (findings: [Finding], undecided: [VerifiedSubject]) {
        var findings: [Finding] = []
        var logged: [(owner: [UInt8], sequence: [UInt8])] = []
        var ids: [[UInt8]] = []
        for subject in subjects {
            switch subject {
            case .event(let owner, let sequence): logged.append((owner, sequence))
            case .delivery(let id): ids.append(id)
            case .lane(let member): findings += try await lanes.findings(ofLane: member)
            case .queued(let lane, let id): findings += try await lanes.findings(ofEntry: id, in: lane)
            case .key(let key): findings += try await keys.findings(of: key)
            case .entry(let key, let member): findings += try await self.findings(ofEntry: member, in: key)
            case .tenant, .ledger, .reservation, .lock, .resource, .subscription, .asks: break
            }
        }
        findings += try await events.findings(of: logged)
        findings += try await deliveries.findings(of: ids)
        return (findings, [])
    }

    private func findings(ofEntry member: [UInt8], in key: [UInt8]) async throws(VerificationError) -> [Finding] {
        if key == place.subscriptions || key == place.ids {
            return try await keys.finding(ofEntry: member, in: key)
        }
        if key.starts(with: place.flights(of: [])) {
            return try await deliveries.finding(ofFlight: member, in: key)
        }
        if key.starts(with: place.deliveries(of: [])) {
            return try await deliveries.finding(ofListed: member, in: key)
        }
        return try await events.finding(ofEntry: member, in: key)
    }
}
