import Foundation
import Model
import Testing
import Toolkit

@Suite("Alerts")
struct AlertRuleTests {
    static let promtool = Command.find("promtool")

    @Test("each rule is about numbers that there are")
    func names() throws {
        let text = PrometheusFile.rules(slo: 0.995)
        let names = text.matches(of: #/\b(?:fly|roost)_[a-z_]+/#).map { String($0.output) }
        #expect(names.count > 20)
        for name in names {
            let plain = name.hasSuffix("_bucket") ? String(name.dropLast("_bucket".count)) : name
            #expect(Metric.all.contains { $0.name == plain }, "\(name)")
        }
        #expect(text.contains("> 14.4 * 0.005 and") && PrometheusFile.rules(slo: 0.999).contains("> 14.4 * 0.001 and"))
    }

    @Test(
        "Prometheus takes them, and they fire when they should and not when they should not",
        .enabled(if: promtool != nil)
    )
    func fire() async throws {
        let folder = NSTemporaryDirectory() + "roost-rules-\(UUID())"
        try Durable.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try PrometheusFile.rules(slo: 0.995).write(toFile: "\(folder)/rules.yml", atomically: true, encoding: .utf8)
        try Self.cases.write(toFile: "\(folder)/test.yml", atomically: true, encoding: .utf8)
        for arguments in [["check", "rules", "rules.yml"], ["test", "rules", "test.yml"]] {
            let process = Process()
            process.executableURL = URL(filePath: try #require(Self.promtool))
            process.arguments = arguments
            process.currentDirectoryURL = URL(filePath: folder)
            let pipe = Pipe()
            (process.standardOutput, process.standardError) = (pipe, pipe)
            try process.run()
            let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(output)")
        }
    }

    /// An app that fails one request in ten, one that is well, one that has hardly any request; a Machine without memory.
    private static let cases = """
        rule_files: [rules.yml]
        evaluation_interval: 1m
        tests:
        - interval: 1m
          input_series:
          - {series: 'fly_edge_http_responses_count{app="bad",status="200"}', values: '0+540x120'}
          - {series: 'fly_edge_http_responses_count{app="bad",status="500"}', values: '0+60x120'}
          - {series: 'fly_edge_http_responses_count{app="good",status="200"}', values: '0+600x120'}
          - {series: 'fly_edge_http_responses_count{app="good",status="500"}', values: '0+1x120'}
          - {series: 'fly_edge_http_responses_count{app="small",status="200"}', values: '0+0x120'}
          - {series: 'fly_edge_http_responses_count{app="small",status="500"}', values: '0+1x60 60x60'}
          - {series: 'roost_machine_oom_total{app="bad"}', values: '0x58 1x62'}
          - {series: 'roost_app_machines{app="bad",state="healthy"}', values: '0x120'}
          - {series: 'roost_app_machines{app="bad",state="wanted"}', values: '1x120'}
          - {series: 'roost_app_machines{app="asleep",state="healthy"}', values: '0x120'}
          - {series: 'roost_app_machines{app="asleep",state="wanted"}', values: '0x120'}
          - {series: 'roost_edge_certificate_not_after_timestamp_seconds{app="bad",name="x.org"}', values: '864000x120'}
          - {series: 'roost_edge_certificate_not_after_timestamp_seconds{app="good",name="y.org"}', values: '8640000x120'}
          - {series: 'roost_backup_last_success_timestamp_seconds{host="late"}', values: '0x2000'}
          - {series: 'roost_backup_last_success_timestamp_seconds{host="fresh"}', values: '0x1000 60000x1000'}
          - {series: 'roost_backup_interval_seconds{host="late"}', values: '86400x2000'}
          - {series: 'roost_backup_interval_seconds{host="fresh"}', values: '86400x2000'}
          - {series: 'roost_backup_restore_test_timestamp_seconds{host="late"}', values: '-3024000x2000'}
          - {series: 'roost_backup_restore_test_timestamp_seconds{host="fresh"}', values: '0x2000'}
          alert_rule_test:
          - {eval_time: 1500m, alertname: BackupOld, exp_alerts: []}
          - eval_time: 1640m
            alertname: BackupOld
            exp_alerts:
            - exp_labels: {host: late, severity: page}
              exp_annotations:
                summary: The last good backup of host late is 1d 3h 20m 0s old
                command: roost backup list
          - eval_time: 60m
            alertname: BackupUntested
            exp_alerts:
            - exp_labels: {host: late, severity: ticket}
              exp_annotations:
                summary: No backup of host late was tried out for 35 days
                command: roost backup verify
          - eval_time: 60m
            alertname: ErrorBudgetBurn
            exp_alerts:
            - exp_labels: {app: bad, severity: page}
              exp_annotations:
                summary: bad answers 10% of its requests with errors
                command: roost logs -a bad --level error --since 1h --no-tail
          - eval_time: 60m
            alertname: OutOfMemory
            exp_alerts:
            - exp_labels: {app: bad, severity: page}
              exp_annotations:
                summary: A Machine of bad ended for want of memory
                command: roost scale show -a bad
          - {eval_time: 90m, alertname: OutOfMemory, exp_alerts: []}
          - eval_time: 60m
            alertname: NothingHealthy
            exp_alerts:
            - exp_labels: {app: bad, state: healthy, severity: page}
              exp_annotations:
                summary: No Machine of bad takes requests
                command: roost status -a bad
          - eval_time: 60m
            alertname: CertificateExpires
            exp_alerts:
            - exp_labels: {app: bad, name: x.org, severity: page}
              exp_annotations:
                summary: The certificate of x.org ends in 9d 23h 0m 0s
                command: roost certs check x.org -a bad
          - eval_time: 60m
            alertname: Watchdog
            exp_alerts:
            - exp_labels: {severity: none}
              exp_annotations: {summary: "Always there: when it is not, nobody watches"}

        """
}
