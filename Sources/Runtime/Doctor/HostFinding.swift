/// One thing that the doctor has looked at.
package struct HostFinding: Codable, Equatable, Sendable {
    /// Short and stable: `kernel`, `nftables`, `port 443`.
    package var name: String
    package var verdict: Verdict
    /// What was seen, with its values.
    package var seen: String
    /// How to mend it; nil when nothing is wrong.
    package var mend: String?

    package init(_ name: String, _ verdict: Verdict, _ seen: String, mend: String? = nil) {
        self.name = name
        self.verdict = verdict
        self.seen = seen
        self.mend = mend
    }

    /// How bad it is: a failure keeps Machines from running.
    package enum Verdict: String, Codable, Sendable {
        case ok
        case warn
        case fail
    }
}
