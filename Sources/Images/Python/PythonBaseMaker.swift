import Foundation
import Model
import Toolkit

/// Makes the bottom layer of Python images: once for each host, unless what it is made from changes.
struct PythonBaseMaker: Sendable {
    let store: ImageStore
    let options: PythonOptions
    let steps: StepRunner
    let locks: KeyedLock

    /// The base of this host.
    ///
    /// One build makes it; those that need it meanwhile wait.
    func base(_ trace: BuildTrace) async throws -> PythonBase {
        try await trace.stage("base") {
            let recipe = try recipe()
            let cache = BuildCache(store: store)
            if let base = try cache.find(recipe, as: PythonBase.self) { return (base, cached: true) }
            let onWait = { try await trace.say("base", "waits for another build that makes the base image") }
            return try await locks.withLock("base", onWait: onWait) {
                if let base = try cache.find(recipe, as: PythonBase.self) { return (base, cached: true) }
                let base = try await make(recipe, trace)
                try cache.save(recipe, base)
                return (base, cached: false)
            }
        }
    }

    // MARK: - Private

    /// All that decides what comes out; its hash is the base's key.
    private struct Recipe: Codable {
        /// Counted up when the way of making it changes.
        var builder = 1
        var image: String?
        var release = ""
        var distribution = ""
        var sources: [String] = []
    }

    static let packages = ["python3", "python3-venv", "ca-certificates"]

    private func recipe() throws(Fault) -> Recipe {
        if let image = options.baseImage { return Recipe(image: image) }
        let system = try Self.fields(of: "/etc/os-release")
        guard let release = system["VERSION_CODENAME"], !release.isEmpty else {
            throw Self.unfit("/etc/os-release names no release of a distribution with APT")
        }
        let entries = try Self.hostSources().entries(of: release)
        guard !entries.isEmpty else { throw Self.unfit("/etc/apt names no source of packages for \(release)") }
        return Recipe(
            release: release,
            distribution: system["NAME"]?.split(separator: " ").first.map(String.init) ?? "Linux",
            sources: entries.map(\.line)
        )
    }

    private func make(_ recipe: Recipe, _ trace: BuildTrace) async throws -> PythonBase {
        if let image = recipe.image { return try await pull(image, trace) }
        try await trace.say(
            "base",
            "makes the base image of \(recipe.distribution) \(recipe.release), once for this host"
        )
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        try await runBootstrap(recipe, into: "\(scratch)/root", trace)
        let layer = try await store.addLayer(from: "\(scratch)/root", form: .asFound)
        var base = PythonBase(
            layers: [layer],
            python: "",
            version: "",
            tag: "",
            path: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            hasAppUser: true,
            origin: "\(recipe.distribution) \(recipe.release)",
            made: recipe.sources
        )
        try await probe(&base, trace)
        return base
    }

    private func runBootstrap(_ recipe: Recipe, into root: String, _ trace: BuildTrace) async throws {
        // Its mounts are in a namespace of their own: whatever ends it, none of the host's folders stays mounted in one
        // that is then removed. The process namespace ends its children with it.
        let command = Command(
            "unshare",
            ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "mmdebstrap", "--mode=root"]
                + ["--variant=minbase", "--include=\(Self.packages.joined(separator: ","))"]
                + Self.leftOut.map { "--dpkgopt=path-exclude=\($0)" }
                + ["--dpkgopt=path-include=/usr/share/doc/*/copyright", "--customize-hook=\(Self.addUser)"]
                + [recipe.release, root] + recipe.sources,
            environment: options.environment
        )
        guard Command.find("mmdebstrap") != nil else {
            throw Fault(.toolMissing, "mmdebstrap is not installed", hint: "roost doctor says what this host lacks")
        }
        let last = LastLines()
        let code = try await command.stream { line in
            last.add(line)
            try await trace.say("base", line)
        }
        try Task.checkCancellation()
        guard code == 0 else { throw StepRunner.fault("the base image could not be made", code, last) }
    }

    private static let leftOut = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*", "/usr/share/info/*"]
    private static let addUser =
        "chroot \"$1\" useradd --uid \(StepRunner.userID) --user-group --create-home --shell /usr/sbin/nologin app"

    private func pull(_ image: String, _ trace: BuildTrace) async throws -> PythonBase {
        try await trace.say("base", "pulls \(image)")
        let pulled = try await ImagePuller(store: store, environment: options.environment).pull(image, "base", trace)
        let path = pulled.config.env.first { $0.hasPrefix("PATH=") }.map { String($0.dropFirst("PATH=".count)) }
        var base = PythonBase(
            layers: pulled.layers,
            python: "",
            version: "",
            tag: "",
            path: path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            hasAppUser: false,
            origin: image,
            made: [pulled.digest]
        )
        try await probe(&base, trace)
        return base
    }

    /// Asks the interpreter who it is.
    private func probe(_ base: inout PythonBase, _ trace: BuildTrace) async throws {
        let script = """
            import sys
            print("roost", sys.executable, ".".join(map(str, sys.version_info[:3])), sys.implementation.cache_tag)
            """
        let step = try steps.step(on: base, command: ["/bin/sh", "-c", "exec python3 -I -c \"$1\"", "sh", script])
        let last = LastLines()
        let code = try await steps.run(step) { line in last.add(line) }
        let words = last.all.last { $0.hasPrefix("roost ") }?.split(separator: " ").map(String.init) ?? []
        guard code == 0, words.count == 4 else {
            throw StepRunner.fault("the base image \(base.origin) has no python3 that runs", code, last)
        }
        (base.python, base.version, base.tag) = (words[1], words[2], words[3])
        try await trace.say("base", "Python \(base.version) of \(base.origin)")
    }

    private static func hostSources() throws(Fault) -> AptSources {
        var sources = AptSources()
        if let bytes = try FileTree.read("/etc/apt/sources.list", limit: 1 << 20) {
            sources.add(list: String(decoding: bytes, as: UTF8.self))
        }
        let folder = "/etc/apt/sources.list.d"
        for name in FileTree.exists(folder) ? try FileTree.names(in: folder) : [] {
            guard name.hasSuffix(".list") || name.hasSuffix(".sources"),
                let bytes = try FileTree.read("\(folder)/\(name)", limit: 1 << 20)
            else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if name.hasSuffix(".list") { sources.add(list: text) } else { sources.add(deb822: text) }
        }
        return sources
    }

    private static func fields(of file: String) throws(Fault) -> [String: String] {
        // Followed where it is a link, unlike our own files: distributions link it to /usr/lib.
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...].trimmingCharacters(in: CharacterSet(charactersIn: "\"'"))
            fields[String(line[..<equals])] = value
        }
        return fields
    }

    private static func unfit(_ message: String) -> Fault {
        Fault(
            .hostUnfit,
            message,
            hint: "set the builder's base image to one of a registry, such as docker.io/library/python:3.13-slim"
        )
    }
}
