import Foundation
import Model
import Toolkit

/// What `runc exec --process` takes: the process of a sandbox's own configuration, with another program.
enum ConsoleProcess {
    /// What every process of a session has in its environment, and by which what is left of one is found.
    static let mark = "ROOST_SESSION"

    /// As JSON, which holds secrets and belongs into no file of a disk.
    ///
    /// `config` is the sandbox's `config.json`, without a secret in it; `environment` is that of its first process, with all
    /// of them. `session` tells this one from others, and is nil for what may outlive who asked for it. No `user` is the
    /// sandbox's own.
    static func make(
        config: String,
        environment: [String],
        order: SessionOrder,
        session: String?,
        user: SandboxUser?
    ) throws(Fault) -> Data {
        guard let all = try? JSONSerialization.jsonObject(with: Data(config.utf8)) as? [String: Any],
            var process = all["process"] as? [String: Any]
        else { throw Fault(.corrupt, "the Machine's configuration can't be read") }
        process["args"] = order.command
        process["terminal"] = order.terminal != nil
        var own = session.map { ["\(mark)=\($0)"] } ?? []
        if order.terminal != nil { own.append("TERM=\(order.term ?? "xterm")") }
        if let size = order.terminal { process["consoleSize"] = ["width": size.columns, "height": size.rows] }
        if let user {
            process["user"] = ["uid": user.uid, "gid": user.gid, "additionalGids": user.groups, "umask": 0o22]
            let capabilities = BundleConfig.capabilities(of: user)
            process["capabilities"] = [
                "bounding": capabilities, "effective": capabilities, "permitted": capabilities,
                "inheritable": [String](), "ambient": [String](),
            ]
            own.append("HOME=\(user.home)")
        }
        let names = Set(own.map { $0.prefix { $0 != "=" } })
        process["env"] = environment.filter { !names.contains($0.prefix { $0 != "=" }) } + own
        do {
            return try JSONSerialization.data(withJSONObject: process)
        } catch {
            throw Fault(.corrupt, "the console's process can't be written as JSON")
        }
    }

    /// The number of the user whom a sandbox's own process runs as.
    static func user(config: String) throws(Fault) -> UInt32 {
        struct Config: Decodable {
            struct Process: Decodable { var user: User }
            struct User: Decodable { var uid: UInt32 }
            var process: Process
        }
        let all = try JSON.decode(Config.self, from: Data(config.utf8), what: "the Machine's configuration")
        return all.process.user.uid
    }

    /// The variables that a process was started with.
    static func environment(of pid: Int32) -> [String] {
        (KernelFile.read("/proc/\(pid)/environ", limit: 4 << 20) ?? "").split(separator: "\0").map(String.init)
    }
}
