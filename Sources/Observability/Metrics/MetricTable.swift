// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a registry knows: the metrics, their series, and who may still be added. A plain value; the registry guards it
/// with a lock.
struct MetricTable {
    /// Where a series ended up.
    enum Placement {
        /// In its own place, new or found.
        case own(MetricSeries)
        /// In the overflow series of its metric, because the limit is reached.
        case overflow(MetricSeries)
        /// Nowhere: the name belongs to a metric of another type, or the limit left no room.
        case refused
    }

    /// What a caller asks a place for.
    struct Wish {
        var kind: MetricFamily.Kind
        var name: String
        var label: String
        var labels: LabelSet
    }

    /// Sample lines in a scrape, the overflow series and the registry's own metrics not counted.
    let seriesLimit: Int
    /// Metric names; code creates them, so this is reached only if someone builds names from input.
    private static let familyLimit = 500

    private var families: [String: MetricFamily] = [:]
    private var sampleNames: Set<String> = []
    private var helpTexts: [String: String] = [:]
    private var bounds: [String: BucketBounds]
    private var seriesInUse = 0

    init(seriesLimit: Int, bounds: [String: BucketBounds]) {
        self.seriesLimit = seriesLimit
        self.bounds = bounds
    }

    mutating func describe(_ name: String, _ help: String) {
        helpTexts[name] = help
    }

    mutating func setBounds(_ bounds: BucketBounds, for name: String) {
        self.bounds[name] = bounds
    }

    /// Finds the series, or places the one that `make` builds from the place it is given (nil for the overflow series)
    /// and the bounds of its metric (nil unless it is a histogram).
    mutating func place(
        _ wish: Wish, isCounted: Bool = true, make: (SeriesPlace?, BucketBounds?) -> MetricSeries
    ) -> Placement {
        guard let shape = families[wish.name]?.shape ?? newFamily(wish)?.shape, shape.kind == wish.kind else {
            return .refused
        }
        if let known = families[wish.name]?[wish.labels] { return .own(known) }

        let cost = isCounted ? shape.samplesPerSeries : 0
        if cost == 0 || cost <= seriesLimit - seriesInUse {
            let series = make(SeriesPlace(family: wish.name, labels: wish.labels), shape.bounds)
            seriesInUse += cost
            insert(series, at: wish.labels, for: wish)
            return .own(series)
        }
        if let overflow = families[wish.name]?[.overflow] { return .overflow(overflow) }
        let overflow = make(nil, shape.bounds)
        // A function evaluated at scrape cannot share a series with others.
        if case .reading = overflow { return .refused }
        insert(overflow, at: .overflow, for: wish)
        return .overflow(overflow)
    }

    /// Puts a function in the place of the one registered under the same name and labels; false if there is none.
    mutating func replaceReading(_ wish: Wish, with reading: MetricSeries) -> Bool {
        guard families[wish.name]?.shape.kind == wish.kind, case .reading = families[wish.name]?[wish.labels] else {
            return false
        }
        families[wish.name]?[wish.labels] = reading
        return true
    }

    /// Removes a series, and its metric with the last one.
    mutating func remove(_ place: SeriesPlace, where isSame: (MetricSeries) -> Bool) {
        guard let series = families[place.family]?[place.labels], isSame(series) else { return }
        families[place.family]?[place.labels] = nil
        guard let family = families[place.family] else { return }
        seriesInUse -= family.shape.samplesPerSeries
        if family.series.isEmpty {
            families[place.family] = nil
            sampleNames.subtract(family.shape.sampleNames(of: place.family))
        }
    }

    /// The metrics in the order of their names, each with its help text and its series in the order of their labels.
    mutating func snapshot() -> [MetricSnapshot] {
        families.keys.sorted().compactMap { name in
            guard let ordered = families[name]?.orderedSeries(), let family = families[name] else { return nil }
            let help = helpTexts[name] ?? "Metric \(family.label)."
            return MetricSnapshot(name: name, kind: family.shape.kind, help: help, series: ordered)
        }
    }

    /// An empty metric for a wish; nil if there is no room for its name or the name is taken.
    private func newFamily(_ wish: Wish) -> MetricFamily? {
        guard families.count < Self.familyLimit else { return nil }
        let bounds = wish.kind == .histogram ? bounds[wish.name] ?? .standard(for: wish.name) : nil
        let shape = MetricFamily.Shape(kind: wish.kind, bounds: bounds)
        // A gauge `x_count` beside a histogram `x` would be two metrics under one sample name.
        guard sampleNames.isDisjoint(with: shape.sampleNames(of: wish.name)) else { return nil }
        return MetricFamily(shape: shape, label: wish.label)
    }

    private mutating func insert(_ series: MetricSeries, at labels: LabelSet, for wish: Wish) {
        if families[wish.name] == nil, let family = newFamily(wish) {
            families[wish.name] = family
            sampleNames.formUnion(family.shape.sampleNames(of: wish.name))
        }
        families[wish.name]?[labels] = series
    }
}

/// One metric as it stood when a scrape began.
struct MetricSnapshot {
    let name: String
    let kind: MetricFamily.Kind
    let help: String
    let series: [(labels: LabelSet, series: MetricSeries)]
}
