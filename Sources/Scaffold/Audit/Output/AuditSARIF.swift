import Model
import Toolkit

/// A report in the Static Analysis Results Interchange Format, which code hosts and editors read.
///
/// > Source: OASIS, "SARIF Version 2.1.0", sections 3.14 (run), 3.27 (result), 3.49 (reportingDescriptor).
package enum AuditSARIF {
    /// The report as a SARIF document; `version` is that of Roost.
    package static func render(_ report: AuditReport, version: String) -> String {
        let rules = Rules.all.filter { rule in report.rules.contains(rule.id) }
        let places = Dictionary(rules.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
        var seen: [String: Int] = [:]
        var results = report.findings.map { result($0, places, &seen) }
        results += report.suppressed.map { suppressed in
            var item = result(suppressed.finding, places, &seen)
            item.suppressions = [Suppression(kind: "inSource", justification: suppressed.reason)]
            return item
        }
        let driver = Driver(version: version, rules: rules.map(Descriptor.init))
        let notes = report.problems.map { Notification(level: "error", message: Text(text: $0)) }
        let invocation = Invocation(executionSuccessful: notes.isEmpty, toolExecutionNotifications: notes)
        let log = Log(runs: [Run(tool: Tool(driver: driver), invocations: [invocation], results: results)])
        // Strings, numbers and lists: there is nothing in it that JSON can't hold.
        return (try? JSON.encode(log)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? "{}\n"
    }

    // MARK: - Private

    private static func result(_ finding: Finding, _ places: [String: Int], _ seen: inout [String: Int]) -> Result {
        let region = finding.place.line.map { line in
            Region(startLine: max(1, line), snippet: finding.found.isEmpty ? nil : Text(text: finding.found))
        }
        let artifact = Artifact(uri: uri(finding.place.file), uriBaseId: "%SRCROOT%")
        // Lines move with every change, so they are no part of what tells findings apart.
        let key = "\(finding.rule)\u{0}\(finding.place.file)\u{0}\(finding.found)\u{0}\(finding.message)"
        let number = seen[key, default: 0]
        seen[key] = number + 1
        return Result(
            ruleId: finding.rule,
            ruleIndex: places[finding.rule],
            level: level(finding.severity),
            message: Text(text: "\(finding.message). Fix: \(finding.fix)"),
            locations: [Location(physicalLocation: Physical(artifactLocation: artifact, region: region))],
            partialFingerprints: ["roostAudit/v1": fingerprint("\(key)\u{0}\(number)")]
        )
    }

    private static func level(_ severity: Severity) -> String {
        switch severity {
        case .error: "error"
        case .warning: "warning"
        case .info: "note"
        }
    }

    /// A path as a relative reference of RFC 3986.
    private static func uri(_ path: String) -> String {
        var result = ""
        for byte in path.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-._~/".unicodeScalars.contains(scalar))
            result += isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return result
    }

    /// FNV-1a, 64 bits: it only has to tell findings apart.
    private static func fingerprint(_ text: String) -> String {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}

private struct Log: Encodable {
    let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    let version = "2.1.0"
    let runs: [Run]

    enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }
}

private struct Run: Encodable {
    let tool: Tool
    let invocations: [Invocation]
    let columnKind = "unicodeCodePoints"
    let originalUriBaseIds = ["%SRCROOT%": Base()]
    let results: [Result]

    struct Base: Encodable {
        let description = Text(text: "The project's folder.")
    }
}

private struct Tool: Encodable {
    let driver: Driver
}

private struct Driver: Encodable {
    let name = "roost audit"
    let version: String
    let rules: [Descriptor]
}

private struct Descriptor: Encodable {
    let id: String
    let name: String
    let shortDescription: Text
    let fullDescription: Text
    let help: Help
    let defaultConfiguration: Configuration

    struct Help: Encodable {
        let text: String
        let markdown: String
    }

    struct Configuration: Encodable {
        let level: String
    }

    init(_ rule: Rule) {
        id = rule.id
        name = rule.title.split { !$0.isLetter && !$0.isNumber }.map(\.capitalisedFirst).joined()
        shortDescription = Text(text: rule.title)
        fullDescription = Text(text: rule.why)
        help = Help(
            text: "\(rule.why) \(rule.fix)",
            markdown: "\(rule.why)\n\n**Fix:** \(rule.fix)\n\n\(rule.reference)"
        )
        let levels: [Severity: String] = [.error: "error", .warning: "warning", .info: "note"]
        defaultConfiguration = Configuration(level: levels[rule.severity] ?? "warning")
    }
}

private struct Result: Encodable {
    let ruleId: String
    let ruleIndex: Int?
    let level: String
    let message: Text
    let locations: [Location]
    let partialFingerprints: [String: String]
    var suppressions: [Suppression]?
}

private struct Suppression: Encodable {
    let kind: String
    let justification: String
}

private struct Location: Encodable {
    let physicalLocation: Physical
}

private struct Physical: Encodable {
    let artifactLocation: Artifact
    let region: Region?
}

private struct Artifact: Encodable {
    let uri: String
    let uriBaseId: String
}

private struct Region: Encodable {
    let startLine: Int
    let snippet: Text?
}

private struct Text: Encodable {
    let text: String
}

private struct Invocation: Encodable {
    let executionSuccessful: Bool
    let toolExecutionNotifications: [Notification]
}

private struct Notification: Encodable {
    let level: String
    let message: Text
}

extension Substring {
    fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
