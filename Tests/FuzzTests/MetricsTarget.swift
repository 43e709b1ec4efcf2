import Model
import Toolkit

extension FuzzTarget {
    /// What an app says of itself: it is refused with a line, or all of it that is passed on is read again as it was.
    static let metrics = FuzzTarget(
        name: "metrics",
        words: [
            "# HELP ", "# TYPE ", "# EOF\n", " counter\n", " histogram\n", " summary\n", "_total", "_bucket", "_sum",
            "{", "}", "=", "\"", ",", "\\", "\\n", "\n", "\r\n", "\0", "NaN", "+Inf", "-1e9", "0x1p3", "le=\"0.1\"",
            "app=\"other\"", "instance=\"x\"", "fly_edge_data_in", "roost_x", ":", "é", " # {trace_id=\"1\"} 1", " 1 2",
        ]
    ) { bytes, _ in
        let page: ScrapedPage
        do throws(Fault) {
            page = try ExpositionReader.read(bytes)
        } catch {
            guard error.code == .invalidRequest, !error.message.contains("\n") else { throw Broken(error.message) }
            return String(error.message.split(separator: ":").last { !$0.contains("\"") } ?? "").filter(\.isLetter)
        }
        let series = ScrapedSeries(page, from: [("app", "notes"), ("instance", "148e21b7c65089")])
        var text = Exposition()
        series.write(to: &text)
        let again: ScrapedPage
        do throws(Fault) {
            again = try ExpositionReader.read(text.bytes)
        } catch {
            throw Broken("what is passed on can't be read: \(error.message)")
        }
        guard again.sampleCount == series.samples, page.sampleCount + page.omitted == series.samples + series.omitted
        else { throw Broken("\(series.samples) numbers are passed on, \(again.sampleCount) read again") }
        for family in again.families {
            guard !Metric.ownPrefixes.contains(where: family.name.hasPrefix) else { throw Broken(family.name) }
            for sample in family.samples {
                let places = sample.labels.filter { Metric.placeLabels.contains($0.name) }
                guard places.map({ "\($0.name)=\($0.value)" }) == ["app=notes", "instance=148e21b7c65089"]
                else { throw Broken("labels say \(places)") }
            }
        }
        return "\(page.families.count) \(series.samples) \(series.omitted)"
    }
}
