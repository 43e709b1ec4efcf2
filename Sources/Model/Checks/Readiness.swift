/// Decides from probes whether a Machine may take requests.
package struct Readiness: Equatable, Sendable {
    /// All its services' ports accept.
    package var portsOpen: Bool
    package private(set) var checks: [Machine.CheckStatus]
    /// All gates were passed once since the configuration changed: a wake then only needs open ports.
    package private(set) var proven: Bool
    /// Each HTTP port without a check has answered; counts only until the Machine is proven.
    package private(set) var answered = false
    private var failures: [String: Int] = [:]

    /// This many failures in a row take a Machine out of routing, so that one slow answer does not.
    package static let fall = 2

    package init(checks: [Machine.CheckStatus], proven: Bool) {
        portsOpen = false
        self.checks = checks
        self.proven = proven
    }

    /// A new configuration: every check starts over as critical.
    package static func unproven(_ names: [String], now: Timestamp) -> Readiness {
        let checks = names.map {
            Machine.CheckStatus(name: $0, status: .critical, output: "no result yet", updatedAt: now)
        }
        return Readiness(checks: checks, proven: false)
    }

    package var ready: Bool {
        portsOpen && (answered || proven) && checks.allSatisfy { $0.status == .passing }
    }

    /// Takes in that the process has ended by itself: what it passed says nothing of the next one.
    package mutating func restarted(now: Timestamp) {
        portsOpen = false
        answered = false
        failures = [:]
        for index in checks.indices {
            checks[index].status = .critical
            checks[index].output = "no result since the restart"
            checks[index].updatedAt = now
        }
    }

    /// Takes in the opening of the ports, and that those which have to have answered.
    package mutating func open() {
        portsOpen = true
        answered = true
        prove()
    }

    /// Takes in one probe.
    ///
    /// `grace` says that the grace period after a start is not over: a failure does not count then.
    package mutating func record(_ name: String, passed: Bool, output: String, grace: Bool, now: Timestamp) {
        guard let index = checks.firstIndex(where: { $0.name == name }) else { return }
        var check = checks[index]
        if passed {
            failures[name] = 0
            if check.status != .passing { check.updatedAt = now }
            check.status = .passing
        } else if !grace {
            failures[name, default: 0] += 1
            if check.status == .passing, failures[name, default: 0] >= Self.fall {
                check.status = .critical
                check.updatedAt = now
            }
        }
        check.output = output
        checks[index] = check
        prove()
    }

    private mutating func prove() {
        if ready { proven = true }
    }
}

extension MachineConfig {
    /// A check with the name under which its result shows, and its port.
    package struct NamedCheck: Equatable, Sendable {
        package var name: String
        package var port: Int
        package var check: Check

        package init(name: String, port: Int, check: Check) {
            self.name = name
            self.port = port
            self.check = check
        }
    }

    /// All checks: those of services as `servicecheck-00-http-8080`, top-level ones under their own name.
    ///
    /// > Source: `machines-api`, section 9, "Check naming".
    package var namedChecks: [NamedCheck] {
        var all: [NamedCheck] = []
        for service in services {
            for check in service.checks {
                let index = all.count < 10 ? "0\(all.count)" : "\(all.count)"
                let port = check.port ?? service.internalPort
                all.append(
                    NamedCheck(name: "servicecheck-\(index)-\(check.type.rawValue)-\(port)", port: port, check: check)
                )
            }
        }
        for (name, check) in checks.sorted(by: { $0.key < $1.key }) {
            all.append(NamedCheck(name: name, port: check.port ?? services.first?.internalPort ?? 8080, check: check))
        }
        return all
    }
}
