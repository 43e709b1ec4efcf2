import Model
import Testing
import Toolkit

@Suite("Numbers for Prometheus")
struct ExpositionTests {
    @Test("labels are quoted, whole numbers have no point, buckets add up")
    func text() {
        var page = Exposition()
        page.family("a_total", .counter, "What\nit is.")
        page.sample(Exposition.Labels(), 3)
        page.sample(Exposition.Labels([("x", "a\"b\\c\nd"), ("y", "")]), 0.25)
        page.family("t_seconds", .histogram, "How long.")
        var times = TimeBuckets()
        for time in [0.001, 0.3, 100] { times.add(time) }
        page.sample(Exposition.Labels([("x", "1")]), times)
        let lines = page.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.first == "# HELP a_total What\\nit is.")
        #expect(
            lines[1...3] == [
                "# TYPE a_total counter", "a_total 3", "a_total{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 0.25",
            ]
        )
        #expect(lines.contains("t_seconds_bucket{x=\"1\",le=\"0.001\"} 1"))
        #expect(lines.contains("t_seconds_bucket{x=\"1\",le=\"0.5\"} 2"))
        #expect(lines.contains("t_seconds_bucket{x=\"1\",le=\"+Inf\"} 3"))
        #expect(
            lines.suffix(3) == ["t_seconds_sum{x=\"1\"} 100.301", "t_seconds_count{x=\"1\"} 3", ""]
        )
    }

    @Test("what is no number is written as Prometheus reads it")
    func odd() {
        var page = Exposition()
        page.family("a", .gauge, "A.")
        for value in [Double.nan, .infinity, -.infinity, 1e300, -0.5] { page.sample(Exposition.Labels(), value) }
        #expect(page.text.hasSuffix("\na NaN\na +Inf\na -Inf\na 1e+300\na -0.5\n"))
    }

    @Test("a family stands in one piece whoever adds to it, and one that has no number is left out")
    func pieces() {
        var first = Exposition()
        first.family("a_total", .counter, "A.")
        first.sample(Exposition.Labels([("x", "1")]), 1)
        first.family("empty", .gauge, "E.")
        first.family("b", .gauge, "B.")
        first.sample(Exposition.Labels(), 2)
        var second = Exposition()
        second.family("b", .counter, "Another.")
        second.sample(Exposition.Labels([("x", "2")]), 3)
        second.family("a_total", .counter, "Of another.")
        second.sample(Exposition.Labels([("x", "2")]), 4)
        first.add(second)
        #expect(
            first.text == """
                # HELP a_total A.
                # TYPE a_total counter
                a_total{x="1"} 1
                a_total{x="2"} 4
                # HELP b B.
                # TYPE b untyped
                b 2
                b{x="2"} 3

                """
        )
    }

    @Test("what is counted is told to those who may see it, and apps that are gone are forgotten")
    func book() {
        let book = CounterBook()
        book.add(.wakes, app: "a", "ok")
        book.add(.wakes, app: "a", "ok", amount: 2)
        book.add(.wakes, app: "b", "failed")
        book.time(.storeSeconds, app: nil, "read", took: .milliseconds(3))
        let place = [("region", "fra"), ("host", "a1b2")]
        var all = Exposition()
        book.write(to: &all, from: place, for: .all)
        #expect(all.text.contains("roost_wakes_total{app=\"a\",region=\"fra\",host=\"a1b2\",result=\"ok\"} 3\n"))
        #expect(
            all.text.contains("roost_store_operation_seconds_count{region=\"fra\",host=\"a1b2\",operation=\"read\"} 1")
        )
        var some = Exposition()
        book.write(to: &some, from: place, for: MetricViewer(seesHost: false) { $0 == "b" })
        #expect(some.text.contains("app=\"b\"") && !some.text.contains("app=\"a\"") && !some.text.contains("store"))
        book.prune { $0 == "a" }
        var rest = Exposition()
        book.write(to: &rest, from: place, for: .all)
        #expect(!rest.text.contains("app=\"b\"") && rest.text.contains("app=\"a\"") && rest.text.contains("store"))
    }

    @Test("a Machine's numbers have the names and labels that the list says")
    func machine() throws {
        let id = try #require(Machine.ID("148e21b7c65089"))
        var machine = Machine(
            id: id,
            name: "m",
            app: "notes",
            region: "fra",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: Machine.Spec(instance: "i", config: MachineConfig(image: "x"))
        )
        machine.status.events = [
            Machine.Event(
                kind: .exit,
                at: Timestamp(milliseconds: 0),
                exit: Machine.Exit(code: 137, outOfMemory: true, requested: false, at: Timestamp(milliseconds: 0))
            )
        ]
        var usage = MachineUsage()
        var memory = MachineUsage.Memory()
        (memory.limit, memory.used, memory.inactiveFiles) = (256 << 20, 100 << 20, 40 << 20)
        usage.memory = memory
        usage.processor = MachineUsage.Processor()
        var disk = MachineUsage.Disk(device: "vdc", mount: "/data", volume: "vol_1")
        (disk.blocks, disk.blockSize, disk.free, disk.available) = (1000, 4096, 300, 250)
        disk.transfers = Array(1...11)
        usage.disks = [disk]
        usage.network = Array(1...16)
        (usage.openFiles, usage.openFilesLimit) = (7, 1024)
        var page = Exposition()
        page.add([MachineFigures(machine: machine, usage: usage, load: [0.5, 0.25, 0.1])], host: "a1b2")
        let place = "app=\"notes\",region=\"fra\",host=\"a1b2\""
        let own = "\(place),instance=\"148e21b7c65089\""
        for line in [
            "fly_instance_up{\(own)} 1", "fly_instance_exit_code{\(own)} 137", "fly_instance_exit_oom{\(own)} 1",
            "fly_instance_memory_mem_free{\(own)} \(156 << 20)",
            "fly_instance_memory_mem_available{\(own)} \(196 << 20)",
            "fly_instance_load_average{\(own),minutes=\"5\"} 0.25",
            "fly_instance_disk_sectors_read{\(own),device=\"vdc\"} 3",
            "fly_instance_filesystem_blocks_avail{\(own),mount=\"/data\"} 250",
            "fly_instance_net_recv_multicast{\(own),device=\"eth0\"} 8",
            "fly_instance_net_sent_bytes{\(own),device=\"eth0\"} 9", "fly_volume_used_pct{\(place),id=\"vol_1\"} 75",
            "fly_instance_filefd_allocated{\(own)} 7",
        ] { #expect(page.text.contains("\n\(line)\n"), "\(line)") }
        try Self.holds(page)
        // One that does not run says how it ended, and no more.
        var asleep = Exposition()
        asleep.add([MachineFigures(machine: machine, usage: nil)], host: "a1b2")
        #expect(!asleep.text.contains("fly_instance_up") && asleep.text.contains("fly_instance_exit_code"))
    }

    @Test("an edge's counts have the names and labels that the list says")
    func edge() throws {
        var counts = EdgeCounts()
        var app = EdgeCounts.App()
        app.answered(200, after: 0.01)
        app.answered(599, after: 0.01)
        var worker = EdgeCounts.Worker()
        worker.answered(200, after: 0.01)
        worker.connectTimes.add(0.001)
        let id = try #require(Machine.ID("148e21b7c65089"))
        app.workers[id] = worker
        counts.apps = ["notes": app, "other": EdgeCounts.App()]
        var page = Exposition()
        let place = [("region", "fra"), ("host", "a1b2"), ("proxy_id", "blue")]
        counts.write(to: &page, from: place, for: .all)
        try Self.holds(page)
        let labels = "region=\"fra\",host=\"a1b2\",proxy_id=\"blue\""
        #expect(page.text.contains("fly_edge_http_responses_count{app=\"notes\",\(labels),status=\"500\"} 1\n"))
        #expect(
            page.text.contains(
                "fly_app_http_responses_count{app=\"notes\",\(labels),instance=\"\(id)\",status=\"200\"} 1\n"
            )
        )
        var mine = Exposition()
        counts.write(to: &mine, from: place, for: MetricViewer(seesHost: false) { $0 == "other" })
        #expect(mine.text.contains("app=\"other\"") && !mine.text.contains("notes") && !mine.text.contains("routes"))
    }

    /// Each number has a family of the list, with just its labels.
    private static func holds(_ page: Exposition) throws {
        let read = try ExpositionReader.read(page.bytes)
        #expect(read.sampleCount > 0 && read.omitted == 0)
        for family in read.families {
            let metric = try #require(Metric.all.first { $0.name == family.name }, "\(family.name)")
            #expect(family.kind == metric.kind && family.help == metric.help)
            for sample in family.samples {
                let names = sample.labels.map(\.name).filter { $0 != "le" }
                #expect(names == metric.labels, "\(family.name)")
            }
        }
    }

    @Test("the list names nothing twice, and counters of our own end as Prometheus wants it")
    func list() {
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        for metric in Metric.all where metric.name.hasPrefix("roost_") {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
        }
        #expect(Metric.all.allSatisfy { metric in Metric.ownPrefixes.contains { metric.name.hasPrefix($0) } })
    }
}
