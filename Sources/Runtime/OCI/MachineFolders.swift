import Model
import Toolkit

/// Where one sandbox's files are: a folder that outlives a reboot, and one that does not.
struct MachineFolders: Sendable {
    /// `<state>/machines/<id>`: root file system and log.
    let state: String
    /// `<run>/machines/<id>`: the OCI bundle, with secrets in it, and what conmon and we note down.
    ///
    /// On a tmpfs, so that no secret is ever on a disk.
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

    var upper: String { "\(state)/upper" }
    var work: String { "\(state)/work" }
    var rootfs: String { "\(state)/rootfs" }
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
    var hosts: String { "\(run)/hosts" }
    var hostname: String { "\(run)/hostname" }
    var resolv: String { "\(run)/resolv.conf" }
}
