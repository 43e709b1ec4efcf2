import CLinux
import Foundation
import Glibc
import Model
import Toolkit

extension HostFacts {
    /// Looks and tries out; whatever can't be looked at stays at its default.
    static func gather(paths: HostPaths, options: OCIRuntime.Options, ports: [Int]) async -> HostFacts {
        var facts = HostFacts()
        facts.user = Int(geteuid())
        var name = utsname()
        if uname(&name) == 0 {
            facts.kernel = text(of: &name.release)
            facts.architecture = text(of: &name.machine)
        }
        facts.cgroupMode = CgroupMode.detect(root: options.cgroupRoot)
        facts.controllers = controllers(root: options.cgroupRoot, facts.cgroupMode)
        facts.cpus = Cgroups(root: options.cgroupRoot, instance: paths.instance).cpus.count
        for tool in programs { facts.tools[tool] = Command.find(tool) }
        if let runtime = options.runtime { facts.tools["runc"] = runtime }
        facts.seccomp = KernelFile.read("/proc/self/status")?.contains("\nSeccomp:") == true
        facts.seccompProfile =
            FileManager.default.isReadableFile(atPath: options.seccompProfile) ? options.seccompProfile : nil
        facts.wantedPorts = ports
        facts.takenPorts = PortOwners.find(ports)
        facts.disk = disk(of: paths.state)
        facts.year = Calendar(identifier: .gregorian).component(.year, from: Date())
        var time = timex()
        // With nothing to set it only tells, and needs no rights.
        facts.clockSynchronised = adjtimex(&time) != TIME_ERROR && time.status & STA_UNSYNC == 0
        facts.forwardsIPv4 = KernelFile.read("/proc/sys/net/ipv4/ip_forward")?.hasPrefix("1") == true
        facts.hasIPv6 = KernelFile.exists("/proc/sys/net/ipv6/conf/all/forwarding")
        facts.nameservers = options.nameservers ?? Nameservers.ofHost()
        facts.memoryMiB = Int(ProcessInfo.processInfo.physicalMemory >> 20)
        facts.swapMiB = swap(KernelFile.read("/proc/meminfo") ?? "")
        facts.limits = KernelLimits.read()
        facts.isRandomReady = isRandomReady()
        facts.updates = await PendingUpdates.read()
        if facts.user == 0 { await facts.tryOut(paths) }
        return facts
    }

    // MARK: - Private

    private static let programs = [
        "runc", "crun", "conmon", "nft", "ip", "unshare", "mmdebstrap", "uv", "buildah", "skopeo", "python3",
        "tini-static", "catatonit", "restic",
    ]

    /// The trials leave nothing behind: devices and tables are made in a namespace that ends with its program.
    private mutating func tryOut(_ paths: HostPaths) async {
        overlay = Self.tryOverlay(in: disk.folder)
        loopDisk = Self.tryLoopDisk(in: disk.folder)
        if let runtime = SandboxTools.choose(cgroupMode, find: { tools[$0] }) {
            users = UserNamespaceTrial.run(disk.folder, runtime: runtime)
        }
        guard tools["unshare"] != nil else { return }
        namespaces = await Self.tried(
            Command("unshare", ["--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "true"])
        )
        if tools["ip"] != nil {
            let lines = "link add trial0 type bridge\nlink add trial1 type veth peer name trial2\n"
            links = await Self.tried(Command("unshare", ["--net", "ip", "-batch", "-"], input: lines))
        }
        guard tools["nft"] != nil else { return }
        let plan = AddressPlan(seed: "trial")
        let rules = Firewall(instance: "trial", bridge: "trial0", buildBridge: "trial1", plan: plan).rules
        nftables = await Self.tried(Command("unshare", ["--net", "nft", "-f", "-"], input: rules))
        let ruleset = (try? await Command("nft", ["list", "ruleset"]).checked()) ?? ""
        let firewall = InputFirewall(ruleset)
        closedPorts = wantedPorts.filter { firewall.closes($0) }
        forwardDropped = ruleset.split(separator: "\n").contains { line in
            line.contains("hook forward") && line.contains("policy drop")
        }
    }

    private static func swap(_ memory: String) -> KernelLimits.Share {
        func mebibytes(_ name: String) -> Int {
            let line = memory.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return (line?.split(separator: " ").dropFirst().first).flatMap { Int($0) }.map { $0 >> 10 } ?? 0
        }
        return .init(used: mebibytes("SwapTotal") - mebibytes("SwapFree"), most: mebibytes("SwapTotal"))
    }

    /// Since Linux 5.6 this device has to be waited for only until the kernel's generator has its seed.
    private static func isRandomReady() -> Bool {
        let device = open("/dev/random", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard device >= 0 else { return errno != EAGAIN }
        defer { close(device) }
        var byte: UInt8 = 0
        return read(device, &byte, 1) == 1 || errno != EAGAIN
    }

    private static func tried(_ command: Command) async -> Trial {
        do {
            let outcome = try await command.run()
            guard outcome.code != 0 else { return .works }
            let words = outcome.error.split(separator: "\n").first.map(String.init) ?? "exit code \(outcome.code)"
            return .fails(words)
        } catch {
            return .fails("\(error)")
        }
    }

    private static func tryOverlay(in folder: String) -> Trial {
        let root = "\(folder)/.roost-trial-\(getpid())"
        defer {
            roost_unmount_lazily("\(root)/merged")
            try? FileManager.default.removeItem(atPath: root)
        }
        do {
            for name in ["", "/lower", "/upper", "/work", "/merged"] {
                try KernelFile.makeFolder(root + name, mode: 0o700)
            }
            try Overlay(layers: ["\(root)/lower"], upper: "\(root)/upper", work: "\(root)/work").mount(
                at: "\(root)/merged"
            )
            return .works
        } catch {
            return .fails(error.message)
        }
    }

    private static func tryLoopDisk(in folder: String) -> Trial {
        let root = "\(folder)/.roost-trial-disk-\(getpid())"
        let disk = LoopDisk(image: "\(root).img", folder: root, bytes: LoopDisk.minimumBytes, isKept: false)
        do {
            try disk.mount()
            try disk.remove()
            return .works
        } catch {
            try? disk.remove()
            return .fails(error.message)
        }
    }

    private static func controllers(root: String, _ mode: CgroupMode) -> [String] {
        guard mode == .unified else {
            return KernelFile.names(in: root).flatMap { $0.split(separator: ",").map(String.init) }
        }
        let text = KernelFile.read("\(root)/cgroup.controllers") ?? ""
        return text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Of the state folder, or of the nearest folder above it that is there.
    private static func disk(of path: String) -> Disk {
        var disk = Disk()
        disk.folder = path
        while !KernelFile.exists(disk.folder), disk.folder.count > 1 {
            disk.folder = (disk.folder as NSString).deletingLastPathComponent
        }
        var status = statvfs()
        guard statvfs(disk.folder, &status) == 0 else { return disk }
        disk.freeMiB = (Int(status.f_bavail) * Int(status.f_frsize)) >> 20
        disk.freeFiles = Int(status.f_favail)
        disk.countsFiles = status.f_files > 0
        return disk
    }

    private static func text<Field>(of field: inout Field) -> String {
        withUnsafeBytes(of: &field) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
