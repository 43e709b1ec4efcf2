import Foundation
import Model
import Toolkit

/// Makes the root folder of a small system out of a distribution's packages, by mmdebstrap.
struct SystemRoot: Sendable {
    let release: SystemRelease
    /// Besides those that every system has.
    let packages: [String]
    /// Packages are kept here for the next system of the same release.
    let archives: String
    let environment: [String: String]

    /// - Throws: ``Fault`` `buildFailed` naming a package that the release does not have.
    func make(at root: String, _ trace: BuildTrace) async throws {
        guard Command.find("mmdebstrap") != nil else {
            throw Fault(.toolMissing, "mmdebstrap is not installed", hint: "roost doctor says what this host lacks")
        }
        try Durable.makeFolder(archives)
        let last = LastLines()
        let code = try await command(root).stream { line in
            last.add(line)
            try await trace.say("base", line)
        }
        try Task.checkCancellation()
        if let name = Self.unknownPackage(in: last.all), code != 0 { throw Self.unknown(name) }
        guard code == 0 else { throw BuildStepRunner.fault("the base image could not be made", code, last) }
    }

    /// Whether a text is the name of a package, and so no option and no path.
    ///
    /// > Source: Debian policy manual, section 5.6.7, "Package names".
    static func isPackageName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count > 1, text.utf8.count < 100 else { return false }
        func isPlain(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isPlain(first) && text.utf8.allSatisfy { isPlain($0) || "+-.".utf8.contains($0) }
    }

    /// The package that APT did not find, from its own words.
    static func unknownPackage(in lines: [String]) -> String? {
        for line in lines {
            for (start, end) in [("Unable to locate package ", ""), ("Package '", "' has no installation candidate")] {
                guard let place = line.firstRange(of: start), line.hasSuffix(end) else { continue }
                return String(line[place.upperBound...].dropLast(end.count).prefix(100))
            }
        }
        return nil
    }

    /// Adds packages to a system of the same release that was made before: a layer, which is made much sooner than
    /// another system.
    func add(
        _ packages: [String],
        to layers: [String],
        in store: ImageStore,
        _ trace: BuildTrace
    ) async throws -> String {
        try Durable.makeFolder(archives)
        let layer = TrustedLayer(store: store, environment: environment, archives: archives)
        let script = """
            printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
            apt-get -q -o APT::Sandbox::User=root update
            apt-get -q -y -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 --no-install-recommends install -- "$@"
            rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/cache/apt/*.bin
            rm -rf /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/cache/ldconfig
            """
        return try await layer.make(on: layers, script: script, arguments: packages) { line in
            try await trace.say("base", line)
        }
    }

    /// The fault for a package that a release does not have.
    static func unknown(_ name: String) -> Fault {
        Fault(
            .buildFailed,
            "the base image's distribution has no package \(ConfigNode.quoted(name))",
            hint: "packages.debian.org tells what it is called in which release"
        )
    }

    // MARK: - Private

    private static let leftOut = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*", "/usr/share/info/*"]
    private static let addUser =
        "chroot \"$1\" useradd --uid \(BuildStepRunner.userID) --user-group --create-home --shell /usr/sbin/nologin app"

    private func command(_ root: String) -> Command {
        // Its mounts are in a namespace of their own: whatever ends it, none of the host's folders stays mounted in one
        // that is then removed. The process namespace ends its children with it.
        // What the host unmounts meanwhile (a volume) is to go here too.
        let namespaces = ["--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child", "--mount-proc"]
        // As the manual of mmdebstrap says: packages come from the folder and go back to it.
        let archive = [
            "--setup-hook=mkdir -p \"$1/var/cache/apt/archives\"",
            "--setup-hook=sync-in \(archives) /var/cache/apt/archives",
            "--customize-hook=sync-out /var/cache/apt/archives \(archives)",
            "--skip=download/empty", "--skip=essential/unlink",
        ]
        return Command(
            "unshare",
            namespaces + ["mmdebstrap", "--mode=root", "--variant=minbase"]
                + ["--include=\(packages.joined(separator: ","))"]
                + Self.leftOut.map { "--dpkgopt=path-exclude=\($0)" }
                + ["--dpkgopt=path-include=/usr/share/doc/*/copyright", "--dpkgopt=force-unsafe-io"]
                + (archives.contains(where: { $0.isWhitespace || $0 == "'" }) ? [] : archive)
                + ["--customize-hook=\(Self.addUser)", release.name, root] + release.sources,
            environment: environment
        )
    }
}
