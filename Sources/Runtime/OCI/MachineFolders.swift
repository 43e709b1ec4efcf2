import Model
import Toolkit

/// Where one sandbox's files are: a folder that outlives a reboot, and one that does not.
struct MachineFolders: Sendable {
    /// `<state>/machines/<id>`: root file system and log.
    let state: String
    /// `<run>/machines/<id>`: the OCI bundle, and what conmon and we note down.
    ///
    /// In memory where the Machine has secrets, so that none is ever on a disk.
    let run: String

    init(_ paths: HostPaths, _ id: Machine.ID) {
        state = "\(paths.machines)/\(id)"
        run = "\(paths.run)/machines/\(id)"
    }

    /// A build step's: apart from Machines, so that nobody takes it for one.
    init(build id: Machine.ID, _ paths: HostPaths) {
        state = "\(paths.state)/builds/\(id)"
        run = "\(paths.run)/builds/\(id)"
    }

    /// What the root file system takes in; a file system of its own where the host can, so that it has a limit.
    var disk: String { "\(state)/disk" }
    /// The file behind it.
    var diskImage: String { "\(state)/disk.img" }
    func rootDisk(bytes: Int64) -> LoopDisk {
        LoopDisk(image: diskImage, folder: disk, bytes: bytes, isKept: false)
    }

    /// Where Machines that an earlier version started have theirs.
    var formerDisk: [String] { ["\(state)/upper", "\(state)/work"] }

    var upper: String { "\(disk)/upper" }
    var work: String { "\(disk)/work" }
    var rootfs: String { "\(state)/rootfs" }
    /// Where layers and volumes are shown with a Machine's own users while it is started.
    var mappedLayers: String { "\(state)/layers" }
    var mappedMounts: String { "\(state)/mounts" }
    var log: String { "\(state)/log" }
    /// The log before this one.
    var oldLog: String { "\(state)/log.1" }
    /// The order in which logs were put aside.
    var logLedger: String { "\(state)/log.ledger" }

    var config: String { "\(run)/config.json" }
    var pidFile: String { "\(run)/pid" }
    var monitorPIDFile: String { "\(run)/monitor.pid" }
    /// conmon writes the exit code here when the process has ended.
    var exitFile: String { "\(run)/exit" }
    /// conmon makes it when the kernel killed something for want of memory.
    var outOfMemoryFile: String { "\(run)/oom" }
    /// conmon's control FIFO.
    var control: String { "\(run)/ctl" }
    var errors: String { "\(run)/errors" }
    var record: String { "\(run)/record.json" }
    /// The Machine's record at its start; see `SandboxTrace`.
    var owner: String { "\(run)/owner.json" }
    var hosts: String { "\(run)/hosts" }
    var hostname: String { "\(run)/hostname" }
    var resolv: String { "\(run)/resolv.conf" }
    /// What the Machine sees of its own size; see ``SizeKeeper``.
    var memorySize: String { "\(run)/meminfo" }
    var processorTimes: String { "\(run)/stat" }
    var processors: String { "\(run)/cpuinfo" }
    var processorsOnline: String { "\(run)/online" }
}
