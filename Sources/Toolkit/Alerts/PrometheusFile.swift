import Model

/// Files that a Prometheus reads which asks a host of ours.
package enum PrometheusFile {
    /// `prometheus.yml`, or what it needs of it.
    package static func scrapeConfig(target: String, tokenFile: String, caFile: String) -> String {
        """
        scrape_configs:
          - job_name: roost
            scheme: https
            metrics_path: /metrics
            scrape_interval: 15s
            authorization: {type: Bearer, credentials_file: \(quoted(tokenFile))}
            tls_config: {ca_file: \(quoted(caFile))}
            static_configs:
              - targets: [\(quoted(target))]

        """
    }

    /// Our alerts as a file of rules, which vmalert reads too.
    ///
    /// - Parameter slo: the share of requests that are to go well, 0 to 1.
    /// - Returns: YAML.
    package static func rules(slo: Double) -> String {
        var text = "groups:\n- name: roost-ratios\n  interval: 30s\n  rules:\n"
        for recording in AlertRule.recordings {
            text += "  - record: \(quoted(recording.name))\n    expr: \(quoted(recording.expression))\n"
        }
        for (group, rules) in AlertRule.all(slo: slo) {
            text += "- name: roost-\(group)\n  rules:\n"
            for rule in rules { text += self.rule(rule) }
        }
        return text
    }

    // MARK: - Private

    private static func rule(_ rule: AlertRule) -> String {
        var text = "  - alert: \(rule.name)\n    expr: \(quoted(rule.expression))\n"
        if let lasting = rule.lasting { text += "    for: \(lasting)\n" }
        text += "    labels: {severity: \(quoted(rule.severity.rawValue))}\n    annotations:\n"
        text += "      summary: \(quoted(rule.summary))\n"
        if let command = rule.command { text += "      command: \(quoted(command))\n" }
        return text
    }

    /// In single quotes a YAML text means what it says; a quote in it is written twice.
    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}
