import Glibc
import Model
import Toolkit

/// Runs the steps of a Python build in folders of their own.
struct BuildStepRunner: Sendable {
    let store: ImageStore
    let sandbox: any BuildSandbox
    let options: PythonOptions

    /// Of the user `app`, as whom builds and apps run; no account of the host should have it.
    static let userID = 10001
    /// Where a step finds what we lend it; no distribution has such a folder.
    static let place = "/.roost"

    /// A step that has the base below it, nothing else to see and no network.
    func step(on base: PythonBase, command: [String]) throws(Fault) -> BuildStep {
        let user = "\(Self.userID):\(Self.userID)"
        let layers = try store.layerPaths(base.layers)
        // The folders are made when it runs.
        var step = BuildStep(layers: layers, upper: "", work: "", command: command, user: user)
        step.environment = ["PATH": base.path, "HOME": "/tmp", "LANG": "C.UTF-8"]
        step.memoryMiB = options.memoryMiB
        step.cpus = options.cpus
        return step
    }

    /// Where the host's uv is in a step that installs.
    static let uv = "\(place)/uv"

    /// A step whose shell script installs packages: it has the host's uv, its authorities and the network.
    ///
    /// The environment goes before what the host sets, but for the authorities.
    func installing(
        on base: PythonBase,
        script: String,
        _ environment: [String: String]
    ) throws(Fault) -> BuildStep {
        var step = try step(on: base, command: ["/bin/sh", "-c", script])
        step.mounts = [.init(source: try realPath(options.uv), destination: Self.uv, readOnly: true)]
        step.environment.merge(options.environment) { $1 }
        step.environment.merge(environment) { $1 }
        if let authorities = options.authorities, access(authorities, R_OK) == 0 {
            let place = "\(Self.place)/authorities.crt"
            step.mounts.append(.init(source: try realPath(authorities), destination: place, readOnly: true))
            step.environment["SSL_CERT_FILE"] = place
        }
        step.network = true
        return step
    }

    /// Runs it with an upper folder that is gone afterwards.
    func run(_ step: BuildStep, onLine: @escaping @Sendable (String) async throws -> Void) async throws -> Int32 {
        var step = step
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        (step.upper, step.work) = ("\(scratch)/upper", "\(scratch)/work")
        try FileTree.makeFolder(step.upper)
        try FileTree.makeFolder(step.work)
        let folders = [step.upper] + step.mounts.filter { !$0.readOnly }.map(\.source)
        let watch = DiskWatch(folders: { folders }, limit: store.limits.layer, what: "what a build step writes")
        let ready = step
        let code = try await watch.watching { [sandbox] in try await sandbox.run(ready, onLine: onLine) }
        // A step that was ended has an exit code too.
        try Task.checkCancellation()
        return code
    }

    /// What a step that failed means, with the last lines that it wrote.
    static func fault(_ what: String, _ code: Int32, _ last: LastLines) -> Fault {
        let text = last.text
        if text.contains("No space left on device") || text.contains("os error 28") {
            return Fault(
                .diskFull,
                "\(what): the disk is full\n\(text)",
                hint: "free space on the host, then try again"
            )
        }
        return Fault(
            .buildFailed,
            "\(what) (exit code \(code))\(text.isEmpty ? "" : ":\n\(text)")",
            hint: hint(code, text)
        )
    }

    /// Whether a step failed for want of a compiler or of a library's headers.
    static func lacksCompiler(_ fault: Fault) -> Bool {
        fault.code == .buildFailed && compilers.contains(where: fault.message.contains)
    }

    // MARK: - Private

    private func realPath(_ path: String) throws(Fault) -> String {
        guard let resolved = realpath(path, nil) else { throw Durable.fault(errno, "find", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static let compilers = [
        "command 'gcc' failed", "command 'cc' failed", "'gcc': No such file", "'cc': No such file",
        "command 'x86_64-linux-gnu-gcc' failed", "command 'aarch64-linux-gnu-gcc' failed", "'g++': No such file",
        "error: Microsoft Visual C++", "pg_config executable not found", "Unable to find a compatible Compiler",
        "Python.h: No such file", "No CMAKE_C_COMPILER could be found", "Unknown compiler(s)",
        "unable to execute 'gcc'",
        "unable to execute 'cc'", "linker `cc` not found",
        // Python's own words for a program that is not there, as build backends end with them.
        "No such file or directory: 'gcc'", "No such file or directory: 'cc'", "No such file or directory: 'g++'",
        "No such file or directory: 'c++'", "linux-gnu-gcc'", "linux-gnu-g++'", "command 'clang' failed: No such file",
        "No such file or directory: 'clang'",
    ]

    private static func hint(_ code: Int32, _ text: String) -> String? {
        if code == 137 { return "it was killed: it may need more memory than a build is given" }
        if text.contains("Git executable not found") {
            return
                "the base image has no git: name the dependency by the address of its .zip archive, or write a Dockerfile"
        }
        if compilers.contains(where: text.contains) {
            return
                "a dependency has no ready wheel and the base image has no compiler: choose a version with wheels, or "
                + "write a Dockerfile that installs one"
        }
        if text.contains("dns error") || text.contains("error sending request") || text.contains("Failed to fetch") {
            return "can this host reach the package index? Proxies are set in the builder's environment"
        }
        return nil
    }
}
