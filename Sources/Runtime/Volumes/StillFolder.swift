import CLinux
import Glibc
import Model
import Toolkit

/// A file system in which nothing is written until `thaw`.
///
/// A program of its own holds it and lets go when we do, when we die, and in any case after ``limit``: no end of the
/// daemon leaves a Machine hanging in a write.
struct StillFolder: ~Copyable {
    /// Seconds.
    static let limit = 30

    private let pid: pid_t
    private var leash: Pipe
    private let began = ContinuousClock.now

    private static let script = """
        fsfreeze --freeze "$1" || exit 1
        echo still
        timeout "$2" cat >/dev/null
        end=$?
        fsfreeze --unfreeze "$1"
        exit $end
        """

    private init(_ pid: pid_t, _ leash: consuming Pipe) {
        self.pid = pid
        self.leash = leash
    }

    /// Has nothing written in a folder from now on.
    ///
    /// - Throws: ``Fault`` `io` when that can't be.
    static func begin(_ folder: String) throws(Fault) -> StillFolder {
        var words = try Pipe()
        var leash = try Pipe()
        let pid = try Spawn.start(
            ["/bin/sh", "-c", script, "sh", folder, "\(limit)"],
            roost_descriptors(
                input: leash.readEnd,
                output: words.writeEnd,
                errors: words.writeEnd,
                sync: -1,
                terminal: nil
            )
        )
        // Its own end is the only one that is left: who reads sees it go.
        words.closeWriteEnd()
        let answer = words.readLine(limit: .seconds(20)) ?? ""
        guard answer.contains("still") else {
            leash.closeWriteEnd()
            _ = Spawn.wait(pid)
            throw Fault(.io, "the volume at \(folder) can't be held still: \(answer)")
        }
        return StillFolder(pid, leash)
    }

    /// Lets it go on.
    ///
    /// - Returns: for how long nobody could write.
    /// - Throws: ``Fault`` `timedOut` when it went on earlier, so that what was read meanwhile does not belong together.
    consuming func thaw() throws(Fault) -> Duration {
        leash.closeWriteEnd()
        let code = Spawn.wait(pid)
        guard code == 0 else {
            throw Fault(
                .timedOut,
                "the volume could not be copied within \(Self.limit) s, longer than which its Machine must not wait",
                hint: "stop the Machine, take the snapshot, start it again"
            )
        }
        return ContinuousClock.now - began
    }

    /// Ends a stillness that an earlier daemon may have left.
    static func end(_ folder: String) {
        _ = try? Spawn.run(["fsfreeze", "--unfreeze", folder])
    }
}
