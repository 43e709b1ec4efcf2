import Dispatch
import Foundation
import Model
import Toolkit

/// A root file system of its own for programs of the host that handle what strangers wrote.
///
/// buildah and skopeo run as root, and have had faults that led a `RUN` line to the host's files (CVE-2024-1753, -9407,
/// -9675, -11218, none of them mended in Debian 12). Here such a fault leads to an empty root: the host's programs and a
/// few of its settings, all read only, and the folders that this one command needs. The host's own root is unmounted
/// before the program starts; what the program may do to the kernel is bounded by the capabilities that it keeps.
struct BuilderRoot: Sendable {
    /// An empty folder on which it is mounted; each command sees its own there.
    var place: String
    var isolation: BuildIsolation
    var network = BuildNetwork.none
    /// Files and folders that it sees, at the paths that they have on the host.
    var readOnly: [String] = []
    /// The same for folders that it may write to.
    var writable: [String] = []
    var environment: [String: String] = [:]
    /// Given to the program as files in ``secretsFolder``, by their names; they are in memory alone.
    var secrets: [String: String] = [:]

    /// Where secrets are in there.
    static let secretsFolder = "/run/roost-secrets"

    /// Runs a program to its end, and hands over each line that it writes.
    ///
    /// Cancelling ends it with all its children, at once and wherever they have gone.
    ///
    /// - Returns: the exit code, or 128 + the signal.
    func stream(_ words: [String], _ line: @Sendable (String) async throws -> Void) async throws -> Int32 {
        try await within(words) { command in try await command.stream(line) }
    }

    /// Runs a program to its end, whatever its exit code.
    func run(_ words: [String]) async throws -> Command.Outcome {
        try await within(words) { command in try await command.run() }
    }

    /// Runs it and returns its standard output.
    ///
    /// - Throws: ``Fault`` `toolFailed` with its own words when it exits with other than 0.
    @discardableResult
    func checked(_ words: [String]) async throws -> String {
        let outcome = try await run(words)
        guard outcome.code == 0 else {
            let words = words.prefix(3).joined(separator: " ")
            throw Fault(.toolFailed, "\(words) … ended with \(outcome.code): \(outcome.error.suffix(2000))")
        }
        return outcome.output
    }

    // MARK: - Private

    /// In groups of its own, which are gone afterwards.
    private func within<Result: Sendable>(
        _ words: [String],
        _ body: (Command) async throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        try FileTree.makeFolder(place, mode: 0o700)
        let large = environment["TMPDIR"].map { "\($0)/var-tmp-\(ULID.make())" }
        defer { if let large { FileTree.discard(large) } }
        if let large { try FileTree.makeFolder(large, mode: 0o700) }
        let group = try isolation.makeGroup?()
        let command = try command(words, group, large)
        let result: Swift.Result<Result, any Error>
        do {
            let value = try await withTaskCancellationHandler {
                try await body(command)
            } onCancel: {
                // A frozen process does not hear the signal that the command itself gets.
                DispatchQueue.global().async { group?.kill() }
            }
            result = .success(value)
        } catch {
            result = .failure(error)
        }
        if let group { try await Blocking.finish { try group.remove() } }
        return try result.get()
    }

    private func command(
        _ words: [String],
        _ group: BuildIsolation.Group?,
        _ large: String?
    ) throws(Fault) -> Command {
        guard let name = words.first, let program = Command.find(name) else {
            throw Fault(
                .toolMissing,
                "\(words.first ?? "") is not installed, which images need that are not made here",
                hint: "roost doctor says what this host lacks"
            )
        }
        var arguments = [place]
        // Programs that are not the distribution's.
        let folders = [program, Command.find("runc") ?? program].map { ($0 as NSString).deletingLastPathComponent }
        for folder in Set(folders) where !Self.systemFolders.contains(where: folder.hasPrefix) {
            arguments += ["ro", folder]
        }
        arguments += readOnly.flatMap { ["ro", $0] } + writable.flatMap { ["rw", $0] }
        if let group {
            arguments += group.hierarchies.sorted { $0.key < $1.key }.flatMap { ["cgroup", $0.key, $0.value] }
        } else {
            arguments += ["cgroup", "", "/sys/fs/cgroup"]
        }
        var namespaces = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        switch network {
        case .none: namespaces.append("--net")
        case .host: break
        case .namespace(let path): namespaces = ["nsenter", "--net=\(path)"] + namespaces
        }
        // 0 is whoever writes it.
        let join = "while [ \"$1\" != -- ]; do echo 0 >\"$1\"; shift; done; shift; exec \"$@\""
        var environment = environment
        environment["ROOST_LARGE"] = large
        environment["ROOST_NAMESERVERS"] = isolation.nameservers.joined(separator: " ")
        return Command(
            "/bin/sh",
            ["-c", "set -e; \(join)", "sh"] + (group?.processFiles ?? []) + ["--"] + namespaces
                + ["/bin/sh", "-c", Self.script, "sh"] + arguments + ["--"] + words,
            environment: environment,
            input: Self.input(secrets)
        )
    }

    /// A name and the value's Base64 a line.
    private static func input(_ secrets: [String: String]) -> String {
        secrets.sorted { $0.key < $1.key }.map { name, value in
            "\(name) \(Data(value.utf8).base64EncodedString())\n"
        }.joined()
    }

    private static let systemFolders = ["/usr/", "/bin", "/sbin", "/lib"]

    /// What a builder needs of an administrator's rights: none that reach past its own root to the kernel's settings,
    /// devices, modules or network, and no way to open files by handle, which no root confines.
    private static let capabilities = [
        "chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service",
        "sys_chroot", "setfcap", "sys_admin", "sys_resource", "mknod",
    ]

    /// The shell's part: makes the new root, enters it, lets go of the old one.
    private static let script = """
        set -e
        root=$1; shift
        mount --make-rprivate /
        mount -t tmpfs -o mode=755,size=1m,nosuid tmpfs "$root"
        cd "$root"
        mkdir usr etc proc sys dev tmp run var root host
        for name in bin sbin lib lib32 lib64 libx32; do
            if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$name"
            elif [ -d "/$name" ]; then mkdir "$name"; mount -o bind,ro,nosuid,nodev "/$name" "$name"; fi
        done
        mount -o bind,ro,nosuid,nodev /usr usr
        for name in containers ssl alternatives ld.so.cache nsswitch.conf passwd group hosts localtime mime.types; do
            [ -e "/etc/$name" ] || continue
            if [ -d "/etc/$name" ]; then mkdir "etc/$name"; else : >"etc/$name"; fi
            mount -o bind,ro,nosuid,nodev,noexec "/etc/$name" "etc/$name"
        done
        mount -t tmpfs -o mode=1777,size=256m,nosuid,nodev tmpfs tmp
        for name in run var root; do mount -t tmpfs -o mode=755,size=64m,nosuid,nodev tmpfs "$name"; done
        mkdir -m 1777 var/tmp
        # Where programs of this family put large files, whatever else they are told.
        [ -z "$ROOST_LARGE" ] || mount --bind "$ROOST_LARGE" var/tmp
        if [ -n "$ROOST_NAMESERVERS" ]; then
            for server in $ROOST_NAMESERVERS; do echo "nameserver $server"; done >etc/resolv.conf
        else
            cat /etc/resolv.conf >etc/resolv.conf
        fi
        unset ROOST_NAMESERVERS ROOST_LARGE
        mount -t proc -o nosuid,nodev,noexec proc proc
        for name in sys irq bus fs sysrq-trigger; do
            [ ! -e "proc/$name" ] || mount -o bind,ro,nosuid,nodev,noexec "proc/$name" "proc/$name"
        done
        mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
        mount -t tmpfs -o mode=755,size=64k,nosuid,noexec tmpfs dev
        for name in null zero full random urandom tty; do : >"dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
        ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
        mkdir dev/shm dev/pts
        mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec tmpfs dev/shm
        mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        mount -t tmpfs -o mode=755,size=64k,nosuid,nodev,noexec tmpfs sys/fs/cgroup
        while [ "$1" != -- ]; do
            case $1 in
                cgroup)
                    if [ -z "$2" ]; then mount --rbind "$3" sys/fs/cgroup
                    else mkdir "sys/fs/cgroup/$2"; mount --bind "$3" "sys/fs/cgroup/$2"; fi
                    shift;;
                *)
                    if [ -d "$2" ]; then mkdir -p ".$2"; else mkdir -p ".${2%/*}"; [ -e ".$2" ] || : >".$2"; fi
                    if [ "$1" = ro ]; then mount -o bind,ro,nosuid,nodev "$2" ".$2"; else mount --bind "$2" ".$2"; fi;;
            esac
            shift 2
        done
        shift
        mkdir -m 700 run/roost-secrets
        while read -r name value; do
            printf %s "$value" | base64 -d >"run/roost-secrets/$name"
        done
        pivot_root . host
        cd /
        umount -l host
        rmdir host
        mount -o remount,ro /
        keep=-all
        for name in \(capabilities.joined(separator: " ")); do keep=$keep,+$name; done
        exec setpriv --bounding-set "$keep" -- "$@" </dev/null
        """
}
