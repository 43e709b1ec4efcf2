/// When somebody should look, said over the numbers of `Metric`, in the language of Prometheus.
///
/// > Source: `observability`, section 4.1; Google, "The Site Reliability Workbook", chapter 5.
package struct AlertRule: Equatable, Sendable {
    package var name: String
    /// PromQL that is empty while all is well.
    package var expression: String
    /// How long it has to be so; nil: at once.
    package var lasting: String?
    package var severity: Severity
    /// One sentence, in Prometheus's template language.
    package var summary: String
    /// What to run next; nil where there is no one command.
    package var command: String?

    /// Who should hear of it.
    package enum Severity: String, CaseIterable, Sendable {
        /// Somebody, now.
        case page
        /// Somebody, this week.
        case ticket
        /// Nobody: its absence is the news.
        case none
    }

    /// Expressions that are reckoned first, by the names that rules have for them.
    package static let recordings: [(name: String, expression: String)] = ["5m", "30m", "1h", "6h"].map { window in
        let all = "sum by (app) (rate(\(Metric.edgeResponses.name)[\(window)]))"
        let bad = "sum by (app) (rate(\(Metric.edgeResponses.name){status=~\"5..\"}[\(window)]))"
        return ("app:errors:\(window)", "\(bad) / \(all)")
    }

    /// All rules.
    ///
    /// - Parameter slo: the share of requests that are to go well, 0 to 1.
    /// - Returns: them by group.
    package static func all(slo: Double) -> [(group: String, rules: [AlertRule])] {
        [("requests", requests(slo)), ("machines", machines), ("host", host)]
    }

    /// What `roost alerts test` sends; it is about nothing.
    static let trial = AlertRule(
        "Test",
        .ticket,
        "",
        "A test of this channel: nothing is wrong",
        run: "roost alerts list"
    )

    // MARK: - Private

    private init(
        _ name: String,
        _ severity: Severity,
        for lasting: String? = nil,
        _ expression: String,
        _ summary: String,
        run command: String? = nil
    ) {
        self.name = name
        self.severity = severity
        self.lasting = lasting
        self.expression = expression
        self.summary = summary
        self.command = command
    }

    /// A month's budget of errors, used up in two days or in five; few requests are no reason to wake anybody.
    private static func requests(_ slo: Double) -> [AlertRule] {
        let share = ((1 - slo) * 1_000_000).rounded() / 1_000_000
        func burns(_ factor: Double, _ long: String, _ short: String) -> String {
            "(app:errors:\(long) > \(factor) * \(share) and app:errors:\(short) > \(factor) * \(share))"
        }
        return [
            AlertRule(
                "ErrorBudgetBurn",
                .page,
                "(\(burns(14.4, "1h", "5m")) or \(burns(6, "6h", "30m"))) and on (app) "
                    + "sum by (app) (increase(\(Metric.edgeResponses.name)[1h])) > 100",
                "{{ $labels.app }} answers {{ $value | humanizePercentage }} of its requests with errors",
                run: "roost logs -a {{ $labels.app }} --level error --since 1h --no-tail"
            ),
            AlertRule(
                "SlowRequests",
                .ticket,
                for: "10m",
                "histogram_quantile(0.99, sum by (app, le) "
                    + "(rate(\(Metric.appResponseTime.name)_bucket{status!~\"5..\"}[5m]))) > 1 "
                    + "and on (app) sum by (app) (rate(\(Metric.appResponses.name)[5m])) > 0.2",
                "One request in a hundred of {{ $labels.app }} takes longer than {{ $value | humanizeDuration }}",
                run: "roost metrics {{ $labels.app }}"
            ),
            AlertRule(
                "AtHardLimit",
                .ticket,
                for: "5m",
                "max_over_time(\(Metric.edgeQueue.name)[5m]) > 0",
                "Requests of {{ $labels.app }} wait for a Machine",
                run: "roost scale show -a {{ $labels.app }}"
            ),
        ]
    }

    private static let machines = [
        AlertRule(
            "OutOfMemory",
            .page,
            "increase(\(Metric.outOfMemory.name)[15m]) > 0",
            "A Machine of {{ $labels.app }} ended for want of memory",
            run: "roost scale show -a {{ $labels.app }}"
        ),
        AlertRule(
            "CrashLoop",
            .page,
            "sum by (app) (increase(\(Metric.restarts.name)[15m])) > 3",
            "Machines of {{ $labels.app }} ended and were started again {{ $value | humanize }} times in a quarter of an hour",
            run: "roost logs -a {{ $labels.app }} --no-tail"
        ),
        AlertRule(
            "NothingHealthy",
            .page,
            for: "1m",
            "\(Metric.appMachines.name){state=\"healthy\"} == 0 "
                + "and on (app) \(Metric.appMachines.name){state=\"wanted\"} > 0",
            "No Machine of {{ $labels.app }} takes requests",
            run: "roost status -a {{ $labels.app }}"
        ),
        AlertRule(
            "MemoryNearLimit",
            .ticket,
            for: "10m",
            "1 - fly_instance_memory_mem_available / fly_instance_memory_mem_total > 0.92",
            "Machine {{ $labels.instance }} of {{ $labels.app }} has less than a twelfth of its memory left",
            run: "roost metrics {{ $labels.app }}"
        ),
        AlertRule(
            "CpuThrottled",
            .ticket,
            for: "15m",
            "rate(\(Metric.processorThrottle.name)[10m]) / 100 > 0.25",
            "Machine {{ $labels.instance }} of {{ $labels.app }} waits for its CPU",
            run: "roost metrics {{ $labels.app }}"
        ),
        AlertRule(
            "VolumeFillsUp",
            .ticket,
            for: "15m",
            "\(Metric.volumeUsed.name) > 90 or (\(Metric.volumeUsed.name) > 60 "
                + "and predict_linear(\(Metric.volumeUsed.name)[6h], 4 * 86400) > 100)",
            "Volume {{ $labels.id }} of {{ $labels.app }} is nearly full, or will be within four days",
            run: "roost volumes list -a {{ $labels.app }}"
        ),
        AlertRule(
            "DeployFailed",
            .ticket,
            "increase(\(Metric.rollouts.name){result=~\"failed|rolled_back\"}[15m]) > 0",
            "A deploy of {{ $labels.app }} did not go through",
            run: "roost deployments -a {{ $labels.app }}"
        ),
        AlertRule(
            "MetricsUnreadable",
            .ticket,
            for: "10m",
            "\(Metric.scrapeUp.name) == 0",
            "The numbers of Machine {{ $labels.instance }} of {{ $labels.app }} can't be read",
            run: "roost logs -a {{ $labels.app }} --no-tail --grep metrics:"
        ),
    ]

    private static let host = [
        AlertRule(
            "DiskFillsUp",
            .page,
            for: "10m",
            "\(Metric.hostBytesFree.name) / \(Metric.hostBytes.name) < 0.1 "
                + "or \(Metric.hostFilesFree.name) / \(Metric.hostFiles.name) < 0.05 "
                + "or predict_linear(\(Metric.hostBytesFree.name)[6h], 86400) < 0",
            "The disk of host {{ $labels.host }} is nearly full, or will be within a day",
            run: "roost doctor"
        ),
        AlertRule(
            "CertificateExpires",
            .page,
            "\(Metric.certificateEnd.name) - time() < 14 * 86400",
            "The certificate of {{ $labels.name }} ends in {{ $value | humanizeDuration }}",
            run: "roost certs check {{ $labels.name }} -a {{ $labels.app }}"
        ),
        AlertRule(
            "RenewalFails",
            .ticket,
            "increase(\(Metric.certificateFailures.name)[1d]) > 2",
            "A certificate of {{ $labels.app }} can't be had",
            run: "roost certs list -a {{ $labels.app }}"
        ),
        AlertRule(
            "HostGone",
            .page,
            for: "2m",
            "up{job=\"roost\"} == 0",
            "{{ $labels.instance }} tells no numbers"
        ),
        AlertRule(
            "BackupOld",
            .page,
            for: "1h",
            "time() - \(Metric.backupGood.name) > \(Metric.backupPace.name) + 2 * 3600",
            "The last good backup of host {{ $labels.host }} is {{ $value | humanizeDuration }} old",
            run: "roost backup list"
        ),
        AlertRule(
            "BackupUntested",
            .ticket,
            "time() - \(Metric.backupTest.name) > 35 * 86400",
            "No backup of host {{ $labels.host }} was tried out for 35 days",
            run: "roost backup verify"
        ),
        AlertRule("Watchdog", .none, "vector(1)", "Always there: when it is not, nobody watches"),
    ]
}
