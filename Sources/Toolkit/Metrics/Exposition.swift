package import Model

/// The text in which Prometheus reads numbers.
///
/// Families come in the order in which they were first begun, each in one piece, whoever adds to it when.
///
/// > Source: Prometheus, "Exposition formats", text-based format 0.0.4.
package struct Exposition: Sendable {
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// A label and its value.
    package typealias Label = (name: String, value: String)

    /// Labels as they stand in the text, made once for the many numbers that have them.
    package struct Labels: Sendable {
        fileprivate var text: [UInt8] = []

        package init(_ labels: [Label] = []) {
            for label in labels { add(label.name, label.value) }
        }

        /// These, and one more.
        package func with(_ name: String, _ value: String) -> Labels {
            var copy = self
            copy.add(name, value)
            return copy
        }

        private mutating func add(_ name: String, _ value: String) {
            if !text.isEmpty { text.append(44) }
            text += name.utf8
            text += [61, 34]
            Exposition.escape(value, quotes: true, into: &text)
            text.append(34)
        }
    }

    package init() {}

    /// Begins a family, or goes on with it; its samples follow.
    package mutating func family(_ metric: Metric) { family(metric.name, metric.kind, metric.help) }

    /// As above, for a family that is not Roost's own: the first who names it says what it is, and where others say that
    /// it is of another kind, nothing is said of that.
    package mutating func family(_ name: String, _ kind: Metric.Kind, _ help: String) {
        if !families.indices.contains(current) || families[current].name != name, let place = places[name] {
            current = place
        }
        if families.indices.contains(current), families[current].name == name {
            if families[current].kind != kind { families[current].kind = .untyped }
        } else {
            current = families.count
            places[name] = current
            families.append(Family(name: name, kind: kind, help: help))
        }
    }

    /// Adds a number to the family that was begun last.
    package mutating func sample(_ labels: Labels, _ value: Double) {
        line(families[current].name.utf8, labels, value)
    }

    /// Begins a family, or goes on with it, and adds a number.
    package mutating func sample(_ metric: Metric, _ labels: Labels, _ value: Double) {
        family(metric)
        sample(labels, value)
    }

    /// Adds a histogram to the family that was begun last.
    package mutating func sample(_ labels: Labels, _ times: TimeBuckets) {
        let name = families[current].name
        var total = 0
        for (place, count) in times.buckets.enumerated() {
            total += count
            let end = place < TimeBuckets.bounds.count ? "\(TimeBuckets.bounds[place])" : "+Inf"
            line("\(name)_bucket".utf8, labels.with("le", end), Double(total))
        }
        line("\(name)_sum".utf8, labels, times.seconds)
        line("\(name)_count".utf8, labels, Double(total))
    }

    /// Adds lines to the family that was begun last, as they are.
    package mutating func lines(_ bytes: [UInt8]) { families[current].lines += bytes }

    /// Adds all of another page.
    package mutating func add(_ other: Exposition) {
        for one in other.families {
            family(one.name, one.kind, one.help)
            lines(one.lines)
        }
    }

    /// Families without any number are left out.
    package var bytes: [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(families.reduce(0) { $0 + $1.lines.count + 200 })
        for family in families where !family.lines.isEmpty {
            all += "# HELP \(family.name) ".utf8
            Self.escape(family.help, quotes: false, into: &all)
            all += "\n# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
            all += family.lines
        }
        return all
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// A label's value, or a family's help, with what would end it made harmless.
    static func escape(_ text: String, quotes: Bool, into bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 92: bytes += [92, 92]
            case 34 where quotes: bytes += [92, 34]
            case 10: bytes += [92, 110]
            default: bytes.append(byte)
            }
        }
    }

    /// A line of a sample.
    static func write(
        _ name: some Sequence<UInt8>,
        _ labels: Labels,
        _ value: some Sequence<UInt8>,
        to bytes: inout [UInt8]
    ) {
        bytes += name
        if !labels.text.isEmpty {
            bytes.append(123)
            bytes += labels.text
            bytes.append(125)
        }
        bytes.append(32)
        bytes += value
        bytes.append(10)
    }

    // MARK: - Private

    private struct Family {
        var name: String
        var kind: Metric.Kind
        var help: String
        var lines: [UInt8] = []
    }

    private var families: [Family] = []
    private var places: [String: Int] = [:]
    private var current = -1

    private mutating func line(_ name: some Sequence<UInt8>, _ labels: Labels, _ value: Double) {
        let whole = value == value.rounded() && abs(value) < 1e15
        let text =
            whole
            ? "\(Int64(value))" : value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
        Self.write(name, labels, text.utf8, to: &families[current].lines)
    }
}
