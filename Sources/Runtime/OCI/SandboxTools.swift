import Model
import Toolkit

/// The host's programs that run a sandbox.
struct SandboxTools {
    var monitor: String
    var runtime: String
    var initProgram: String?

    /// Which OCI runtime fits the host's cgroups: crun is quicker, but takes only version 2.
    static func choose(_ mode: CgroupMode, find: (String) -> String?) -> String? {
        mode == .unified ? find("crun") ?? find("runc") : find("runc")
    }

    /// - Throws: ``Fault`` `toolMissing`.
    static func find(mode: CgroupMode, _ options: OCIRuntime.Options) throws(Fault) -> SandboxTools {
        guard let monitor = Command.find("conmon") else {
            throw Fault(.toolMissing, "conmon is not installed", hint: "apt-get install conmon")
        }
        guard let runtime = options.runtime ?? choose(mode, find: Command.find) else {
            throw Fault(.toolMissing, "runc is not installed", hint: "apt-get install runc")
        }
        return SandboxTools(
            monitor: monitor,
            runtime: runtime,
            initProgram: options.initProgram ?? Command.find("tini-static") ?? Command.find("catatonit")
        )
    }
}
