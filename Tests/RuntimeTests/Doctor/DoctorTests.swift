import Foundation
import Runtime
import Testing
import Toolkit

@Suite("Doctor")
struct DoctorTests {
    /// A host on which nothing is wrong.
    private func fit() -> HostFacts {
        var facts = HostFacts()
        facts.kernel = "6.1.0-28-amd64"
        facts.architecture = "x86_64"
        facts.cgroupMode = .unified
        facts.controllers = ["cpuset", "cpu", "io", "memory", "pids"]
        for tool in [
            "runc", "crun", "conmon", "nft", "ip", "mmdebstrap", "uv", "buildah", "skopeo", "python3", "restic",
            "tini-static",
        ] {
            facts.tools[tool] = "/usr/bin/\(tool)"
        }
        facts.seccomp = true
        facts.seccompProfile = "/usr/share/containers/seccomp.json"
        facts.overlay = .works
        facts.loopDisk = .works
        facts.users = .works
        facts.namespaces = .works
        facts.links = .works
        facts.nftables = .works
        facts.wantedPorts = [80, 443]
        facts.disk.folder = "/var/lib"
        facts.disk.freeMiB = 50_000
        facts.disk.freeFiles = 1_000_000
        facts.disk.countsFiles = true
        facts.year = 2026
        facts.forwardsIPv4 = true
        facts.hasIPv6 = true
        facts.nameservers = ["192.0.2.1"]
        facts.memoryMiB = 4096
        facts.cpus = 4
        facts.limits.processes = 4_194_304
        facts.limits.filesOfAProcess = 1_048_576
        facts.limits.watchers = 128
        facts.limits.watches = 65_536
        facts.limits.files = .init(used: 2000, most: Int.max)
        facts.limits.connections = .init(used: 100, most: 65_536)
        facts.updates = PendingUpdates()
        facts.updates?.listsDays = 1
        return facts
    }

    @Test("finds nothing wrong with a fit host")
    func healthy() {
        #expect(Doctor.judge(fit()).filter { $0.verdict != .ok } == [])
    }

    struct Illness: Sendable, CustomTestStringConvertible {
        var name: String
        var verdict: HostFinding.Verdict
        var change: @Sendable (inout HostFacts) -> Void

        init(_ name: String, _ verdict: HostFinding.Verdict, _ change: @escaping @Sendable (inout HostFacts) -> Void) {
            self.name = name
            self.verdict = verdict
            self.change = change
        }

        var testDescription: String { "\(name): \(verdict)" }

        static let all = [
            Illness("user", .fail) { $0.user = 1000 },
            Illness("kernel", .fail) { $0.kernel = "5.4.0-150-generic" },
            Illness("disk limits", .warn) { $0.loopDisk = .fails("no loop device") },
            Illness("users", .warn) { $0.users = .fails("not tried with crun") },
            Illness("kernel", .fail) { $0.kernel = "strange" },
            Illness("CPUs", .warn) { $0.controllers.removeAll { $0 == "cpuset" } },
            Illness("processor", .warn) { $0.architecture = "riscv64" },
            Illness("cgroups", .fail) { $0.cgroupMode = .missing },
            Illness("cgroups", .fail) { $0.controllers = ["cpu", "pids"] },
            Illness("OCI runtime", .fail) {
                $0.cgroupMode = .hybrid
                $0.controllers.append("freezer")
                $0.tools["runc"] = nil
            },
            Illness("conmon", .fail) { $0.tools["conmon"] = nil },
            Illness("overlayfs", .fail) { $0.overlay = .fails("no") },
            Illness("namespaces", .warn) { $0.namespaces = .untried },
            Illness("seccomp", .fail) { $0.seccomp = false },
            Illness("seccomp", .fail) { $0.seccompProfile = nil },
            Illness("init", .warn) { $0.tools["tini-static"] = nil },
            Illness("nft", .fail) { $0.tools["nft"] = nil },
            Illness("nftables", .fail) { $0.nftables = .fails("no") },
            Illness("firewall", .warn) { $0.forwardDropped = true },
            Illness("nameservers", .warn) { $0.nameservers = [] },
            Illness("IPv6", .warn) { $0.hasIPv6 = false },
            Illness("port 443", .fail) { $0.takenPorts = [443: "nginx"] },
            Illness("uv", .warn) { $0.tools["uv"] = nil },
            Illness("memory", .warn) {
                $0.memoryMiB = 512
                $0.swapMiB = .init(used: 0, most: 1024)
            },
            Illness("disk", .warn) { $0.disk.freeMiB = 5000 },
            Illness("disk", .fail) { $0.disk.freeMiB = 500 },
            Illness("files", .warn) { $0.disk.freeFiles = 100 },
            Illness("clock", .fail) { $0.year = 1970 },
            Illness("clock", .warn) { $0.clockSynchronised = false },
            Illness("entropy", .warn) { $0.isRandomReady = false },
            Illness("kernel limits", .warn) { $0.limits.processes = 4096 },
            Illness("kernel limits", .warn) { $0.limits.filesOfAProcess = 65_536 },
            Illness("kernel limits", .warn) { $0.limits.watchers = 16 },
            Illness("kernel limits", .warn) { $0.limits.watches = 100 },
            Illness("kernel limits", .warn) { $0.limits.files = .init(used: 90_000, most: 100_000) },
            Illness("kernel limits", .warn) { $0.limits.connections = .init(used: 60_000, most: 65_536) },
            Illness("swap", .warn) { $0.memoryMiB = 2048 },
            Illness("swap", .warn) { $0.swapMiB = .init(used: 1900, most: 2048) },
            Illness("firewall", .warn) { $0.closedPorts = [443] },
            Illness("updates", .warn) { $0.updates?.security = ["openssl"] },
            Illness("updates", .warn) { $0.updates?.listsDays = 30 },
            Illness("updates", .warn) { $0.updates?.listsDays = nil },
            Illness("reboot", .warn) { $0.updates?.wantsReboot = true },
        ]
    }

    @Test("says what is wrong and how to mend it", arguments: Illness.all)
    func ill(illness: Illness) {
        var facts = fit()
        illness.change(&facts)
        let wrong = Doctor.judge(facts).filter { $0.verdict != .ok }
        #expect(wrong.map(\.name) == [illness.name])
        #expect(wrong.first?.verdict == illness.verdict)
        #expect(wrong.first?.mend?.isEmpty == false)
    }

    @Test("counts its own edge as no obstacle, and a disk that counts no files neither")
    func exceptions() {
        var facts = fit()
        facts.takenPorts = [80: "roostd"]
        facts.disk.countsFiles = false
        facts.disk.freeFiles = 0
        facts.forwardsIPv4 = false
        #expect(Doctor.judge(facts).allSatisfy { $0.verdict == .ok })
    }

    @Test("prints one line a finding, and the remedy below")
    func text() {
        let text = Doctor.text([
            HostFinding("disk", .ok, "9 GiB free"), HostFinding("init", .warn, "no tini", mend: "install it"),
        ])
        #expect(text == "ok    disk  9 GiB free\nwarn  init  no tini\n          → install it")
    }

    @Test("looks at this very host, whoever asks, and its findings go through JSON")
    func here() async throws {
        let paths = HostPaths(state: "/tmp/nonexistent-doctor/s", run: "/tmp/nonexistent-doctor/r")
        let findings = await Doctor.inspect(paths: paths, options: .init(), ports: [1])
        // A disk that holds this test has at least a gigabyte free.
        #expect(findings.first { $0.name == "disk" }?.seen.hasPrefix("0 GiB") == false)
        #expect(findings.contains { $0.name == "kernel" } && findings.contains { $0.name == "port 1" })
        #expect(try JSON.decode([HostFinding].self, from: JSON.encode(findings), what: "findings") == findings)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/nonexistent-doctor"))
    }
}
