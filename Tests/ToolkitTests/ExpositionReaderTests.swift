import Model
import Testing
import Toolkit

@Suite("Numbers of apps, read")
struct ExpositionReaderTests {
    private func read(_ text: String, _ limits: ExpositionReader.Limits = .init()) throws -> ScrapedPage {
        try ExpositionReader.read(Array(text.utf8), limits: limits)
    }

    @Test("as Python's client writes them")
    func page() throws {
        let page = try read(
            """
            # HELP jobs_total Jobs\\n"done".
            # TYPE jobs_total counter
            jobs_total{kind="a",path="C:\\\\x \\"y\\" \\n"} 3.0
            jobs_total{kind="b",} 4 1795987600123
            # a comment
            # TYPE took_seconds histogram
            took_seconds_bucket{le="0.1"} 1.0 # {trace_id="x"} 0.07
            took_seconds_bucket{le="+Inf"} 2.0
            took_seconds_count 2.0
            took_seconds_sum 1e-3
            plain NaN

            """
        )
        #expect(page.families.map(\.name) == ["jobs_total", "took_seconds", "plain"])
        #expect(page.families.map(\.kind) == [.counter, .histogram, .untyped])
        #expect(page.families[0].help == "Jobs\n\"done\".")
        #expect(page.families[0].samples[0].labels.last?.value == "C:\\x \"y\" \n")
        #expect(page.families[0].samples.map(\.value) == ["3.0", "4"])
        #expect(page.families[1].samples.map(\.name).last == "took_seconds_sum")
        #expect(page.families[1].samples.count == 4)
    }

    @Test("a counter of OpenMetrics keeps its kind under the name that its numbers have")
    func openMetrics() throws {
        let page = try read("# TYPE jobs counter\n# HELP jobs Jobs.\njobs_total 1\n# EOF\n")
        let family = try #require(page.families.first { !$0.samples.isEmpty })
        #expect(family.name == "jobs_total" && family.kind == .counter && family.help == "Jobs.")
    }

    @Test(
        "what is no page says where and why",
        arguments: [
            ("a 1\nb", "the last line has no end: the page was cut off"),
            ("a 1\n<html>\n", "line 2: expected a name: \"<html>\""),
            ("a\n", "line 1: expected a number: \"a\""),
            ("a{b} 1\n", "line 1: expected =: \"a{b} 1\""),
            ("a{b=\"c} 1\n", "line 1: a label's value has no end: \"a{b=\"c} 1\""),
            ("a{b=\"1\",b=\"2\"} 1\n", "line 1: label b can't be there: \"a{b=\"1\",b=\"2\"} 1\""),
            ("a 1 2 3\n", "line 1: expected the line's end: \"a 1 2 3\""),
            ("a 0x1\n", "line 1: expected a number: \"a 0x1\""),
        ]
    )
    func wrong(text: String, message: String) {
        let fault = #expect(throws: Fault.self) { try read(text) }
        #expect(fault?.message == message)
    }

    @Test("no more is kept than may be, and the rest is counted")
    func limits() throws {
        var limits = ExpositionReader.Limits()
        (limits.samples, limits.text, limits.labels) = (2, 8, 1)
        let page = try read(
            "a 1\nb{c=\"123456789\"} 1\nb{c=\"1\",d=\"2\"} 1\nb{c=\"1\"} 1\nc 1\nd 1\n",
            limits
        )
        #expect(page.sampleCount == 2 && page.omitted == 4)
    }

    @Test("the platform's labels go over the app's, its names are its own, and nothing stands there twice")
    func series() throws {
        let page = try read(
            """
            # HELP jobs_total Jobs.
            # TYPE jobs_total counter
            jobs_total{app="other",kind="a"} 1
            jobs_total{app="another",kind="a"} 2
            jobs_total{kind="b",instance="me"} 3
            fly_edge_data_in{app="rich"} 1
            roost_x 1

            """
        )
        let series = ScrapedSeries(page, from: [("app", "notes"), ("instance", "148e21b7c65089")])
        var text = Exposition()
        series.write(to: &text)
        #expect(
            text.text == """
                # HELP jobs_total Jobs.
                # TYPE jobs_total counter
                jobs_total{app="notes",instance="148e21b7c65089",kind="a"} 1
                jobs_total{app="notes",instance="148e21b7c65089",kind="b"} 3

                """
        )
        #expect(series.samples == 2 && series.omitted == 3)
    }
}
