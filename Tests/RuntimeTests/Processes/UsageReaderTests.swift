import Foundation
import Model
import Testing
import Toolkit

@testable import Runtime

/// What the kernel says of a Machine, from folders that look as its own do.
@Suite("What Machines use")
struct UsageReaderTests {
    private func machine() throws -> Machine {
        let id = try #require(Machine.ID("148e21b7c65089"))
        var machine = Machine(
            id: id,
            name: "m",
            app: "a",
            region: "fra",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: Machine.Spec(instance: "i", config: MachineConfig(image: "x"))
        )
        machine.status.state = .started(
            Machine.Process(pid: getpid(), startTicks: 1, monitorPID: 1, startedAt: Timestamp(milliseconds: 0))
        )
        return machine
    }

    /// Reads a Machine whose control groups have those files.
    private func read(_ files: [String: String], _ machine: Machine) throws -> MachineUsage? {
        let root = NSTemporaryDirectory() + "roost-cgroups-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (path, text) in files {
            let folder = ("\(root)/\(path)" as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try text.write(toFile: "\(root)/\(path)", atomically: true, encoding: .utf8)
        }
        let paths = HostPaths(state: "\(root)/state", run: "\(root)/run")
        var reader = UsageReader(cgroups: Cgroups(root: root, instance: "roost"), paths: paths)
        return reader.read(machine)
    }

    @Test("version 1")
    func old() throws {
        let machine = try machine()
        let group = "roost/\(machine.id)"
        let usage = try #require(
            try read(
                [
                    "freezer/\(group)/cgroup.procs": "\(getpid())\n",
                    "memory/\(group)/memory.usage_in_bytes": "104857600\n",
                    "memory/\(group)/memory.stat": """
                    cache 1
                    hierarchical_memory_limit 268435456
                    hierarchical_memsw_limit 536870912
                    total_cache 50
                    total_shmem 5
                    total_inactive_anon 100
                    total_active_anon 200
                    total_inactive_file 40000000
                    total_active_file 300
                    total_swap 7

                    """,
                    "cpuacct/\(group)/cpuacct.stat": "user 1234\nsystem 56\n",
                    "cpu/\(group)/cpu.stat": "nr_periods 10\nnr_throttled 2\nthrottled_time 20000000000\n",
                ],
                machine
            )
        )
        let memory = try #require(usage.memory)
        #expect(memory.limit == 256 << 20 && memory.used == 100 << 20 && memory.workingSet == (100 << 20) - 40_000_000)
        #expect(memory.cached == 50 && memory.shared == 5 && memory.active == 500 && memory.inactive == 40_000_100)
        #expect(memory.swapLimit == 256 << 20 && memory.swapUsed == 7 && memory.kernel == nil)
        let processor = try #require(usage.processor)
        #expect(processor.user == 1234 && processor.system == 56 && processor.throttled == 2000)
        #expect(usage.openFiles ?? 0 >= 3 && usage.openFilesLimit ?? 0 > 0)
        #expect(usage.disks.isEmpty)
    }

    @Test("version 2, with parts that are not there")
    func new() throws {
        let machine = try machine()
        let group = "roost/\(machine.id)"
        let files = [
            "cgroup.controllers": "memory cpu\n",
            "\(group)/cgroup.procs": "\(getpid())\n",
            "\(group)/memory.current": "1000\n", "\(group)/memory.max": "4000\n",
            "\(group)/memory.swap.max": "max\n",
            "\(group)/memory.stat": "anon 1\nfile 300\ninactive_file 200\nslab 9\nfile_dirty 4\n",
            "\(group)/cpu.stat": "usage_usec 30000\nuser_usec 20000\nsystem_usec 10000\nthrottled_usec 50000\n",
        ]
        let usage = try #require(try read(files, machine))
        let memory = try #require(usage.memory)
        #expect(memory.limit == 4000 && memory.workingSet == 800 && memory.cached == 300 && memory.kernel == 9)
        #expect(memory.swapLimit == nil && memory.dirty == 4)
        #expect(usage.processor?.user == 2 && usage.processor?.system == 1 && usage.processor?.throttled == 5)
        #expect(try read(files.filter { !$0.key.contains("cpu.stat") }, machine)?.processor == nil)
        #expect(try read(["cgroup.controllers": "memory\n"], machine) == nil)
        var asleep = machine
        asleep.status.state = .stopped(nil)
        #expect(try read(files, asleep) == nil)
    }

    @Test("numbers are read where they stand, and what is none ends a row")
    func numbers() throws {
        let file = NSTemporaryDirectory() + "roost-numbers-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let text = "Inter-| Receive\n    lo: 1 2\n  eth0:      12   3 4 x 5\n"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        var numbers = KernelNumbers()
        let isThere = numbers.load(file)
        #expect(isThere)
        #expect(numbers.find("eth0:").map { numbers.row(after: $0) } == [12, 3, 4])
        #expect(numbers.find("eth1:") == nil)
        let none = numbers.one(file)
        #expect(none == nil)
        try "99999999999999999999\n".write(toFile: file, atomically: true, encoding: .utf8)
        let (huge, missing) = (numbers.one(file), numbers.one("\(file).none"))
        #expect(huge != nil && missing == nil)
        var small = KernelNumbers(room: 4)
        try "123456\n".write(toFile: file, atomically: true, encoding: .utf8)
        let cut = small.one(file)
        #expect(cut == 1234)
    }
}
