import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("Processes")
struct ProcessTests {
    @Test("are told apart by start time, even with a nasty name")
    func stat() {
        let text = "4711 (a) b (c)) S 1 4711 4711 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 8192 1 2 3\n"
        #expect(
            ProcessStat(text) == ProcessStat("1 (x) S 1 4711 4711 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 8192")
        )
        #expect(ProcessStat(text)?.startTicks == 98_765 && ProcessStat(text)?.state == "S")
        #expect(ProcessStat("") == nil)
        #expect(ProcessStat("1 (x) S 1 2") == nil)
    }

    @Test("a handle is given only for the very process that is meant")
    func handle() throws {
        let own = try #require(ProcessStat.live(getpid()))
        #expect(ProcessStat.isLive(getpid(), startTicks: own.startTicks))
        let right = ProcessHandle(getpid(), startTicks: own.startTicks)
        let ended = right?.waitForEnd(milliseconds: 0)
        #expect(ended == false)
        let wrong = ProcessHandle(getpid(), startTicks: own.startTicks + 1)?.descriptor
        #expect(wrong == nil)
    }

    @Test("started ones get a session of their own and nothing else of ours")
    func spawn() throws {
        let outcome = try Spawn.run(["/bin/sh", "-c", "cat; ls /proc/self/fd; exit 7"], input: "words\n")
        #expect(outcome.code == 7)
        // Descriptor 3 is the folder that `ls` reads.
        #expect(outcome.output == "words\n0\n1\n2\n3\n")
        #expect(throws: Fault.self) { try Spawn.run(["/nonexistent"]) }
        #expect(throws: Fault.self) { try Spawn.run(["/bin/sleep", "100"], limit: .milliseconds(50)) }
    }

    @Test("their end waits for the monitor's, which has noted the code by then")
    func endInOrder() {
        var state = WatchState.running
        #expect(state.handle(.processEnded) == .await)
        #expect(state.handle(.monitorEnded(processLives: false)) == .reportEnd)
        #expect(state.handle(.overdue) == nil)
    }

    @Test(
        "their end is told once, whatever comes in which order",
        arguments: [
            ([.monitorEnded(processLives: false), .processEnded], [.reportEnd, nil]),
            ([.monitorEnded(processLives: true), .processEnded, .overdue], [.reportLoss, .reportEnd, nil]),
            ([.processEnded, .overdue, .monitorEnded(processLives: false)], [.await, .reportEnd, nil]),
        ] as [([WatchState.Event], [WatchState.Effect?])]
    )
    func orders(events: [WatchState.Event], effects: [WatchState.Effect?]) {
        var state = WatchState.running
        #expect(events.map { state.handle($0) } == effects)
    }

    @Test("limits are never asked for beyond what the daemon may give")
    func limits() {
        let poor = OwnLimits(openFiles: 20_000, oomScore: 500, raises: false)
        #expect(poor.openFiles(wanted: 65_536) == 20_000)
        #expect(poor.oomScore(wanted: 100) == 500)
        let rich = OwnLimits(openFiles: 1024, oomScore: 500, raises: true)
        #expect(rich.openFiles(wanted: 65_536) == 65_536)
        #expect(rich.oomScore(wanted: 100) == 100)
    }
}

@Suite("Control groups")
struct CgroupTests {
    @Test(
        "the mode is seen from what is mounted",
        arguments: [
            (["cgroup.controllers"], CgroupMode.unified),
            (["memory/", "unified/", "unified/cgroup.controllers"], .hybrid),
            (["memory/", "freezer/"], .legacy), ([], .missing), (["systemd/"], .missing),
        ]
    )
    func mode(files: [String], mode: CgroupMode) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "cg-\(UInt32.random(in: 0...UInt32.max))")
            .path
        try Durable.makeFolder(root)
        defer { try? FileManager.default.removeItem(atPath: root) }
        for file in files {
            if file.hasSuffix("/") {
                try Durable.makeFolder("\(root)/\(file)")
            } else {
                try Data().write(to: URL(filePath: "\(root)/\(file)"))
            }
        }
        #expect(CgroupMode.detect(root: root) == mode)
    }

    @Test("version 2 is read and written where the kernel has its files")
    func unified() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "cg-\(UInt32.random(in: 0...UInt32.max))")
            .path
        let id = Machine.ID.random()
        let folder = "\(root)/roost-r12ab3/\(id)"
        try Durable.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: root) }
        func put(_ text: String, _ file: String) throws { try KernelFile.create(file, Array(text.utf8)) }
        try put("memory\n", "\(root)/cgroup.controllers")
        try put("populated 1\nfrozen 1\n", "\(folder)/cgroup.events")
        try put("", "\(folder)/cgroup.freeze")
        try put("low 0\noom 3\noom_kill 2\n", "\(folder)/memory.events")
        let cgroups = Cgroups(root: root, instance: "r12ab3")
        #expect(cgroups.path(id) == "/roost-r12ab3/\(id)")
        #expect(cgroups.isFrozen(id) && cgroups.limitsSwap)
        #expect(cgroups.memoryKills(id) == 2)
        try cgroups.freeze(id)
        #expect(KernelFile.read("\(folder)/cgroup.freeze") == "1")
        // The fake says "frozen 1" for good: a thaw has to give up, in bounded time.
        #expect(throws: Fault.self) { try cgroups.thaw(id) }
    }

    @Test(
        "crun is taken only where it works",
        arguments: [
            (CgroupMode.unified, ["runc", "crun"], "crun"), (.unified, ["runc"], "runc"),
            (.hybrid, ["runc", "crun"], "runc"),
            (.legacy, ["crun"], nil), (.hybrid, [], nil),
        ] as [(CgroupMode, Set<String>, String?)]
    )
    func choice(mode: CgroupMode, installed: Set<String>, chosen: String?) {
        #expect(SandboxTools.choose(mode) { installed.contains($0) ? $0 : nil } == chosen)
    }

    /// Where the kernel's version 2 tree is, alone or beside version 1.
    private static let unifiedTree = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
        getuid() == 0 && KernelFile.exists("\($0)/cgroup.procs") && KernelFile.exists("\($0)/cgroup.controllers")
    }

    @Test("version 2 freezes, thaws, kills and goes on the real kernel", .enabled(if: unifiedTree != nil))
    func kernel() throws {
        let root = try #require(Self.unifiedTree)
        let cgroups = Cgroups(root: root, instance: "rt\(UInt16.random(in: 0...UInt16.max))")
        let id = Machine.ID.random()
        #expect(cgroups.mode == .unified)
        try KernelFile.makeFolder("\(root)/\(cgroups.slice)", mode: 0o755)
        try KernelFile.makeFolder("\(root)\(cgroups.path(id))", mode: 0o755)
        let sleeper = Process()
        sleeper.executableURL = URL(filePath: "/bin/sleep")
        sleeper.arguments = ["100"]
        try sleeper.run()
        let pid = sleeper.processIdentifier
        try cgroups.adoptMonitor(pid, of: id)
        #expect(
            try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8).contains("\(cgroups.slice)/monitors")
        )
        try KernelFile.write("\(pid)", to: "\(root)\(cgroups.path(id))/cgroup.procs")
        #expect(cgroups.processes(id) == [pid])
        try cgroups.freeze(id)
        #expect(cgroups.isFrozen(id))
        try cgroups.thaw(id)
        #expect(!cgroups.isFrozen(id))
        try cgroups.freeze(id)
        try cgroups.killAll(id)
        sleeper.waitUntilExit()
        #expect(sleeper.terminationStatus == SIGKILL)
        try cgroups.remove(id)
        cgroups.removeSlice()
        #expect(!KernelFile.exists("\(root)/\(cgroups.slice)"))
    }
}
