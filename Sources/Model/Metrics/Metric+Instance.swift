/// What a Machine uses, by its control groups, its network and its disks.
///
/// > Source: `proxy-dns`, section 24.3.
extension Metric {
    private static let machine = ["app", "region", "host", "instance"]

    /// All that is told of a Machine.
    package static let instance: [Metric] =
        [instanceUp, exitCode, exitOutOfMemory]
        + memory.map(\.metric) + [processorTime, processorBaseline, processorThrottle, load]
        + disk + fileSystem + received + sent + [filesAllocated, filesMaximum]

    /// The number `fly_instance_up`.
    package static let instanceUp = Metric("fly_instance_up", .gauge, machine, "1 for a Machine that runs.")
    /// The number `fly_instance_exit_code`.
    package static let exitCode = Metric(
        "fly_instance_exit_code",
        .gauge,
        machine,
        "How the Machine's program ended last."
    )
    /// The number `fly_instance_exit_oom`.
    package static let exitOutOfMemory = Metric(
        "fly_instance_exit_oom",
        .gauge,
        machine,
        "1 when that was for want of memory."
    )

    /// Memory in bytes, with what it is of a usage.
    package static let memory: [(metric: Metric, value: @Sendable (MachineUsage.Memory) -> Int64?)] = [
        (bytes("mem_total", "The Machine's memory."), { $0.limit }),
        (bytes("mem_free", "Memory that nothing has."), { max(0, $0.limit - $0.used) }),
        (
            bytes("mem_available", "Memory that a program can have, by dropping what is only cached."),
            { max(0, $0.limit - $0.workingSet) }
        ),
        (bytes("cached", "Files in memory."), { $0.cached }),
        (bytes("swap_cached", "Memory that is in swap too."), { $0.swapCached }),
        (bytes("active", "Memory in use lately."), { $0.active }),
        (bytes("inactive", "Memory not in use lately."), { $0.inactive }),
        (bytes("swap_total", "The Machine's swap."), { $0.swapLimit }),
        (
            bytes("swap_free", "Swap that nothing has."),
            { memory in memory.swapLimit.map { max(0, $0 - memory.swapUsed) } }
        ),
        (bytes("dirty", "Files in memory that are not written yet."), { $0.dirty }),
        (bytes("writeback", "Files in memory that are being written."), { $0.writeback }),
        (bytes("slab", "Memory of the kernel's own for the Machine."), { $0.kernel }),
        (bytes("shmem", "Shared memory and files of tmpfs."), { $0.shared }),
    ]

    /// The number `fly_instance_cpu`.
    package static let processorTime = Metric(
        "fly_instance_cpu",
        .counter,
        machine + ["cpu_id", "mode"],
        "Hundredths of a second of CPU time: user or system."
    )
    /// The number `fly_instance_cpu_baseline`.
    package static let processorBaseline = Metric(
        "fly_instance_cpu_baseline",
        .gauge,
        machine,
        "CPUs that the Machine may use."
    )
    /// The number `fly_instance_cpu_throttle`.
    package static let processorThrottle = Metric(
        "fly_instance_cpu_throttle",
        .counter,
        machine,
        "Hundredths of a second in which it had to wait for that."
    )
    /// The number `fly_instance_load_average`.
    package static let load = Metric(
        "fly_instance_load_average",
        .gauge,
        machine + ["minutes"],
        "Threads that run or wait for a disk, over 1, 5 and 15 minutes."
    )

    /// In the order in which the kernel tells them of a block device.
    ///
    /// > Source: Linux, Documentation/block/stat.rst.
    package static let disk: [Metric] = [
        disk("reads_completed", "Reads."), disk("reads_merged", "Reads that were joined to others."),
        disk("sectors_read", "Sectors of 512 bytes read."), disk("time_reading", "Milliseconds of reading."),
        disk("writes_completed", "Writes."), disk("writes_merged", "Writes that were joined to others."),
        disk("sectors_written", "Sectors of 512 bytes written."), disk("time_writing", "Milliseconds of writing."),
        Metric("fly_instance_disk_io_in_progress", .gauge, machine + ["device"], "Reads and writes under way."),
        disk("time_io", "Milliseconds with any of them."),
        disk("time_io_weighted", "Milliseconds of all of them together."),
    ]

    /// The file system that a Machine has for itself.
    package static let fileSystem: [Metric] = [
        fileSystem("blocks", "Blocks of the file system."), fileSystem("block_size", "Bytes of a block."),
        fileSystem("blocks_free", "Blocks that are free."),
        fileSystem("blocks_avail", "Blocks that programs may have."),
    ]

    /// In the order of `/proc/net/dev`.
    package static let received = ["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"]
        .map { Metric("fly_instance_net_recv_\($0)", .counter, machine + ["device"], "Received: \($0).") }
    /// What was sent, in the order of `/proc/net/dev`.
    package static let sent = ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"]
        .map { Metric("fly_instance_net_sent_\($0)", .counter, machine + ["device"], "Sent: \($0).") }

    /// The number `fly_instance_filefd_allocated`.
    package static let filesAllocated = Metric(
        "fly_instance_filefd_allocated",
        .gauge,
        machine,
        "Files and sockets that the Machine's processes have open."
    )
    /// The number `fly_instance_filefd_maximum`.
    package static let filesMaximum = Metric(
        "fly_instance_filefd_maximum",
        .gauge,
        machine,
        "What one of them may have open."
    )

    /// All that is told of a volume.
    package static let volume = [volumeSize, volumeUsed]
    /// The number `fly_volume_size_bytes`.
    package static let volumeSize = Metric(
        "fly_volume_size_bytes",
        .gauge,
        ["app", "region", "host", "id"],
        "The volume's size."
    )
    /// The number `fly_volume_used_pct`.
    package static let volumeUsed = Metric(
        "fly_volume_used_pct",
        .gauge,
        ["app", "region", "host", "id"],
        "How full it is, 0 to 100."
    )

    // MARK: - Private

    private static func bytes(_ name: String, _ help: String) -> Metric {
        Metric("fly_instance_memory_\(name)", .gauge, machine, help)
    }

    private static func disk(_ name: String, _ help: String) -> Metric {
        Metric("fly_instance_disk_\(name)", .counter, machine + ["device"], help)
    }

    private static func fileSystem(_ name: String, _ help: String) -> Metric {
        Metric("fly_instance_filesystem_\(name)", .gauge, machine + ["mount"], help)
    }
}
