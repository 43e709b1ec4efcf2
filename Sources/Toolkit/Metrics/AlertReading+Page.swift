package import Model

extension AlertReading {
    /// The host's own numbers of a page, without those that apps tell of themselves.
    package init(_ page: ScrapedPage, at now: Timestamp) {
        self.init(at: now)
        for family in page.families where Metric.ownPrefixes.contains(where: family.name.hasPrefix) {
            // A histogram has many numbers, and no rule looks at one.
            guard family.kind != .histogram else { continue }
            series[family.name] = family.samples.compactMap { sample in
                guard let value = Double(sample.value) else { return nil }
                let labels = sample.labels.reduce(into: [String: String]()) { $0[$1.name] = $1.value }
                return Series(labels, value)
            }
        }
    }
}
