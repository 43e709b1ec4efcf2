import Foundation
import Glibc
import Model
import Toolkit

/// The releases of the host's distribution that a base can be made of: its own, and others that its mirrors serve.
struct SystemReleases: Sendable {
    /// A folder on the disk of the store, for indexes on their way.
    let scratch: @Sendable () throws(Fault) -> String
    /// Proxies and the like.
    let environment: [String: String]

    /// A release with the Python that belongs to it.
    struct Found: Codable, Equatable, Sendable {
        var distribution: String
        var name: String
        var sources: [String]
        /// Major and minor; nil when it can't be learnt.
        var python: String?
    }

    /// Which Python belongs to which release; those that are still moving are looked up.
    ///
    /// > Source: packages.debian.org and packages.ubuntu.com, `python3`.
    private static let known: [String: [(release: String, python: String?)]] = [
        "Debian": [("trixie", "3.13"), ("bookworm", "3.11"), ("bullseye", "3.9"), ("forky", nil)],
        "Ubuntu": [("noble", "3.12"), ("jammy", "3.10"), ("focal", "3.8")],
    ]

    /// The host's own release, as `/etc/os-release` and its APT configuration say.
    ///
    /// - Throws: ``Fault`` `hostUnfit` when no base can be made of it.
    static func own() throws(Fault) -> (release: SystemRelease, apt: [AptSources.Entry]) {
        let system = fields(of: "/etc/os-release")
        guard let name = system["VERSION_CODENAME"], !name.isEmpty else {
            throw unfit("/etc/os-release names no release of a distribution with APT")
        }
        let entries = try hostSources().entries(of: name)
        guard !entries.isEmpty else { throw unfit("/etc/apt names no source of packages for \(name)") }
        let distribution = system["NAME"]?.split(separator: " ").first.map(String.init) ?? "Linux"
        return (SystemRelease(distribution: distribution, name: name, sources: entries.map(\.line)), entries)
    }

    /// The Python of the host's own release, without asking anybody; nil when it is in no table.
    static func python(of release: SystemRelease) -> String? {
        known[release.distribution]?.first { $0.release == release.name }?.python
    }

    /// Those that the mirrors of the host's own release serve besides it.
    ///
    /// - Returns: nil when the mirror does not answer, which may be otherwise in a moment.
    func others() async throws -> [Found]? {
        let (own, apt) = try Self.own()
        guard Command.find("apt-get") != nil, let folder = try? scratch() else { return [] }
        defer { FileTree.discard(folder) }
        guard await has(own.name, of: apt.first, folder) else { return nil }
        var found: [Found] = []
        for (name, python) in Self.known[own.distribution] ?? [] where name != own.name {
            var entries: [AptSources.Entry] = []
            for entry in Self.translated(apt, from: own.name, to: name) {
                // The first is the release itself, the others its updates.
                if await has(entry.suite, of: entry, folder) { entries.append(entry) } else if entries.isEmpty { break }
            }
            guard let first = entries.first, first.suite == name else { continue }
            var version = python
            if version == nil { version = await pythonVersion(first, folder) }
            guard let version else { continue }
            // The index of a release that still moves has an end of validity, which a mirror that stands still passes.
            let lines = entries.map { python == nil ? $0.lineWithoutEnd : $0.line }
            found.append(Found(distribution: own.distribution, name: name, sources: lines, python: version))
        }
        return found
    }

    /// The host's own entries for another release: same mirrors, same keys, the parts that every release has.
    static func translated(_ entries: [AptSources.Entry], from own: String, to name: String) -> [AptSources.Entry] {
        var seen: Set<String> = []
        let sorted = entries.filter { $0.suite == own } + entries.filter { $0.suite != own }
        return sorted.compactMap { entry in
            guard entry.suite.hasPrefix(own) else { return nil }
            var entry = entry
            entry.suite = name + entry.suite.dropFirst(own.count)
            entry.components = entry.components.filter { ["main", "universe"].contains($0) }
            // Keys of one release alone don't fit another one.
            if entry.signedBy?.contains(own) == true {
                entry.signedBy = "/usr/share/keyrings/debian-archive-keyring.gpg"
            }
            return seen.insert(entry.line).inserted ? entry : nil
        }
    }

    /// The version in an index of packages, from the lines of the package `python3`.
    static func pythonVersion(in stanza: String) -> String? {
        for line in stanza.split(separator: "\n") where line.hasPrefix("Version: ") {
            // An epoch may stand before it, as in `1:3.14.2-1`.
            let text = line.dropFirst("Version: ".count).split(separator: ":").last ?? ""
            guard let version = PythonVersion(text) else { return nil }
            return version.numbers.prefix(2).map(String.init).joined(separator: ".")
        }
        return nil
    }

    // MARK: - Private

    /// APT's own way to a file, which heeds the host's settings of proxies and certificates.
    private static let fetcher = "/usr/lib/apt/apt-helper"

    private func fetch(_ address: String, to path: String) async -> Bool {
        let options = [
            "Acquire::Retries=0", "Acquire::http::Timeout=5", "Acquire::https::Timeout=5", "APT::Sandbox::User=root",
        ].flatMap { ["-o", $0] }
        let command = Command(
            Self.fetcher,
            options + ["download-file", address, path],
            environment: environment
        )
        let outcome = try? await withTimeout(.seconds(60), "fetch \(address)") { try await command.run() }
        return outcome?.code == 0
    }

    private func has(_ suite: String, of entry: AptSources.Entry?, _ folder: String) async -> Bool {
        guard let entry else { return false }
        return await fetch("\(entry.base)/dists/\(suite)/InRelease", to: "\(folder)/InRelease-\(ULID.make())")
    }

    private func pythonVersion(_ entry: AptSources.Entry, _ folder: String) async -> String? {
        let path = "\(folder)/Packages.xz"
        let address = "\(entry.base)/dists/\(entry.suite)/main/binary-\(OCI.architecture)/Packages.xz"
        guard await fetch(address, to: path) else { return nil }
        let script = "\(Self.fetcher) cat-file \"$1\" | grep -m 1 -A 30 -x 'Package: python3'"
        guard let text = try? await Command("/bin/sh", ["-c", script, "sh", path]).run().output else { return nil }
        return Self.pythonVersion(in: text)
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

    private static func fields(of file: String) -> [String: String] {
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
            hint: "set base_image in roost.toml to one of a registry, such as docker.io/library/python:3.13-slim"
        )
    }
}
