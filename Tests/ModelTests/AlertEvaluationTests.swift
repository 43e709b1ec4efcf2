import Testing

@testable import Model

@Suite("Rules over the host's numbers")
struct AlertEvaluationTests {
    private typealias Series = AlertReading.Series

    /// Looks, so many seconds apart, each with what these metrics then are.
    private static func facts(
        every seconds: Int64 = 30,
        _ looks: [[Metric: [AlertReading.Series]]],
        slo: Double = 0.995
    ) -> [AlertFact] {
        var (history, last) = (AlertHistory(), AlertReading(at: Timestamp(milliseconds: 0)))
        for (number, look) in looks.enumerated() {
            last = AlertReading(
                at: Timestamp(milliseconds: 1_800_000_000_000 + Int64(number) * seconds * 1000),
                series: look.reduce(into: [:]) { $0[$1.key.name] = $1.value }
            )
            history.add(last)
        }
        return AlertEvaluation(last, history, slo: slo).facts.sorted {
            ($0.rule, $0.labels["app"] ?? "") < ($1.rule, $1.labels["app"] ?? "")
        }
    }

    private static func answers(_ good: Double, _ bad: Double, _ process: String = "blue") -> [AlertReading.Series] {
        [
            Series(["app": "shop", "status": "200", "proxy_id": process], good),
            Series(["app": "shop", "status": "502", "proxy_id": process], bad),
        ]
    }

    @Test("errors that use up the month's budget are told, few requests are not")
    func budget() {
        let quiet = Self.facts([[.edgeResponses: Self.answers(0, 0)], [.edgeResponses: Self.answers(2, 60)]])
        #expect(quiet.isEmpty)
        let loud = Self.facts([[.edgeResponses: Self.answers(0, 0)], [.edgeResponses: Self.answers(150, 50)]])
        #expect(loud == [AlertFact("ErrorBudgetBurn", ["app": "shop"], 0.25)])
        let fine = Self.facts([[.edgeResponses: Self.answers(0, 0)], [.edgeResponses: Self.answers(19_950, 50)]])
        #expect(fine.isEmpty)
        // Long over: the last minutes were good.
        let over = (0..<120).map {
            [Metric.edgeResponses: Self.answers(Double($0) * 100, $0 > 60 ? 800 : Double($0) * 13)]
        }
        #expect(Self.facts(over).isEmpty)
    }

    @Test("a counter that began anew with its daemon, and one that was not there before, count from nothing")
    func resets() {
        let again = Self.facts([
            [.restarts: [Series(["app": "a", "cause": "error"], 10)]],
            [.restarts: [Series(["app": "a", "cause": "error"], 12)]],
            [.restarts: [Series(["app": "a", "cause": "error"], 2)]],
        ])
        #expect(again == [AlertFact("CrashLoop", ["app": "a"], 4)])
        let new = Self.facts([[:], [.rollouts: [Series(["app": "a", "result": "rolled_back"], 1)]]])
        #expect(new == [AlertFact("DeployFailed", ["app": "a"], 1)])
        // What was there at the first look happened before it.
        #expect(Self.facts([[.rollouts: [Series(["app": "a", "result": "failed"], 5)]]]).isEmpty)
        #expect(Self.facts([[:], [.rollouts: [Series(["app": "a", "result": "done"], 5)]]]).isEmpty)
    }

    @Test("what lies longer back than a rule looks is forgotten")
    func window() {
        let kill = [Metric.outOfMemory: [Series(["app": "a"], 1)]]
        #expect(Self.facts([[:], kill]).map(\.rule) == ["OutOfMemory"])
        #expect(Self.facts([[:], kill] + Array(repeating: kill, count: 40)).isEmpty)
    }

    @Test("of apps, Machines, volumes, the disk and certificates")
    func gauges() {
        let now: Double = 1_800_000_000
        let facts = Self.facts([
            [
                .appMachines: [
                    Series(["app": "down", "state": "wanted"], 2), Series(["app": "down", "state": "healthy"], 0),
                    Series(["app": "up", "state": "wanted"], 2), Series(["app": "up", "state": "healthy"], 1),
                    Series(["app": "asleep", "state": "wanted"], 0), Series(["app": "asleep", "state": "healthy"], 0),
                ],
                .volumeUsed: [Series(["app": "a", "id": "vol_1"], 91), Series(["app": "a", "id": "vol_2"], 89)],
                .hostBytes: [
                    Series(["host": "h", "purpose": "state"], 100), Series(["host": "h", "purpose": "run"], 100),
                ],
                .hostBytesFree: [
                    Series(["host": "h", "purpose": "state"], 9), Series(["host": "h", "purpose": "run"], 90),
                ],
                .certificateEnd: [
                    Series(["app": "a", "name": "a.example.com"], now + 13 * 86_400),
                    Series(["app": "a", "name": "b.example.com"], now + 20 * 86_400),
                ],
            ]
        ])
        #expect(facts.map(\.rule) == ["CertificateExpires", "DiskFillsUp", "NothingHealthy", "VolumeFillsUp"])
        #expect(facts[0].labels["name"] == "a.example.com" && facts[0].value == 13 * 86_400)
        #expect(facts[2].labels["app"] == "down")
        var reading = AlertReading(at: Timestamp(milliseconds: 0))
        reading.series = [
            "fly_instance_memory_mem_total": [Series(["app": "a", "instance": "m"], 100)],
            "fly_instance_memory_mem_available": [Series(["app": "a", "instance": "m"], 7)],
        ]
        let near = AlertEvaluation(reading, AlertHistory(), slo: 0.995).facts
        #expect(near.map(\.rule) == ["MemoryNearLimit"] && near[0].labels["instance"] == "m")
    }

    @Test("a backup is old by its own pace, and a host that makes none has no old one")
    func backups() {
        func facts(age: Double, pace: Double) -> [String] {
            Self.facts([
                [
                    .backupGood: [Series(["host": "h"], 1_800_000_000 - age)],
                    .backupPace: [Series(["host": "h"], pace)],
                ]
            ]).map(\.rule)
        }
        #expect(facts(age: 27 * 3600, pace: 86_400) == ["BackupOld"])
        #expect(facts(age: 25 * 3600, pace: 86_400).isEmpty)
        #expect(facts(age: 27 * 3600, pace: 7 * 86_400).isEmpty)
        #expect(facts(age: 27 * 3600, pace: 0).isEmpty)
    }

    @Test("every rule that is looked at here is one that is exported")
    func names() {
        let exported = Set(AlertRule.all(slo: 0.995).flatMap(\.rules).map(\.name))
        #expect(AlertEvaluation.rules.isSubset(of: exported))
    }

    @Test("a day of looks takes the room of a hundred")
    func thinned() {
        var history = AlertHistory()
        for number in 0..<(2 * 2880) {
            history.add(AlertReading(at: Timestamp(milliseconds: Int64(number) * 30_000)))
            #expect(history.count < 100)
        }
        #expect(history.count > 50)
    }

    @Test("the sentences of all rules are filled in")
    func sentences() {
        let labels = ["app": "shop", "instance": "m1", "id": "vol_1", "host": "h", "name": "x.example.com"]
        for rule in AlertRule.all(slo: 0.995).flatMap(\.rules) {
            let alert = Alert(rule, AlertFact(rule.name, labels, 0.25), since: Timestamp(milliseconds: 0))
            #expect(
                !alert.summary.contains("{{") && alert.command?.contains("{{") != true,
                "\(rule.name): \(alert.summary)"
            )
        }
        #expect(AlertTemplate.filled("{{ $value | humanizePercentage }}", [:], 0.253) == "25.3 %")
        #expect(AlertTemplate.filled("{{ $value | humanizeDuration }}", [:], 13 * 86_400 + 7200) == "13d 2h")
        #expect(AlertTemplate.filled("{{ $value | humanizeDuration }}", [:], -90) == "-1m 30s")
        #expect(
            AlertTemplate.filled("{{$value}} of {{ $labels.app }} and {{ $labels.none }}.", labels, 3)
                == "3 of shop and ."
        )
    }
}
