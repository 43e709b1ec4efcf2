package import Model

/// What an app says of itself, as text for Prometheus.
package struct ScrapedPage: Equatable, Sendable {
    package var families: [Family] = []
    /// Numbers that were left out, being too many or too long.
    package var omitted = 0

    package init() {}

    /// Numbers of one name.
    package struct Family: Equatable, Sendable {
        package var name: String
        package var kind: Metric.Kind
        package var help: String
        package var samples: [Sample] = []
    }

    /// One number; a histogram has several names.
    package struct Sample: Equatable, Sendable {
        package var name: String
        package var labels: [Label]
        /// As it was written: a number that Prometheus reads.
        package var value: String
    }

    package struct Label: Equatable, Sendable {
        package var name: String
        package var value: String
    }

    package var sampleCount: Int { families.reduce(0) { $0 + $1.samples.count } }
}

/// An app's numbers as the platform serves them.
package struct ScrapedSeries: Equatable, Sendable {
    package var families: [Family] = []
    package var samples = 0
    /// Left out: too many, too long, twice the same, or named as only the platform's own are.
    package var omitted = 0

    package init() {}

    /// Lines that go under one heading.
    package struct Family: Equatable, Sendable {
        package var name: String
        package var kind: Metric.Kind
        package var help: String
        package var lines: [UInt8]
    }

    /// Gives an app's numbers the platform's labels, which go over its own of the same name.
    package init(_ page: ScrapedPage, from place: [Exposition.Label]) {
        omitted = page.omitted
        let own = Set(place.map(\.name))
        var seen: Set<[UInt8]> = []
        for family in page.families {
            guard !Metric.ownPrefixes.contains(where: family.name.hasPrefix) else {
                omitted += family.samples.count
                continue
            }
            var lines: [UInt8] = []
            for sample in family.samples {
                let labels = place + sample.labels.filter { !own.contains($0.name) }.map { ($0.name, $0.value) }
                let rendered = Exposition.Labels(labels)
                var series: [UInt8] = []
                Exposition.write(sample.name.utf8, rendered, [], to: &series)
                guard seen.insert(series).inserted else {
                    omitted += 1
                    continue
                }
                Exposition.write(sample.name.utf8, rendered, sample.value.utf8, to: &lines)
                samples += 1
            }
            guard !lines.isEmpty else { continue }
            families.append(Family(name: family.name, kind: family.kind, help: family.help, lines: lines))
        }
    }

    /// Adds them to a page.
    package func write(to page: inout Exposition) {
        for family in families {
            page.family(family.name, family.kind, family.help)
            page.lines(family.lines)
        }
    }
}
