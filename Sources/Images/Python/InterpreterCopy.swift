import Foundation
import Glibc
import Model
import Toolkit

/// Takes an interpreter of the host into `/usr/local` of an image, where the official images have theirs.
struct InterpreterCopy: Sendable {
    let interpreter: HostInterpreter
    let store: ImageStore

    /// The packages of the host's own release that hold the libraries it needs.
    ///
    /// - Throws: ``Fault`` `buildFailed` when the interpreter itself needs one that no package holds.
    func packages() async throws -> Set<String> {
        let libraries = try await libraries()
        guard !libraries.isEmpty else { return [] }
        // Both names of each: where /lib is a link to /usr/lib, packages may list either.
        let names = libraries.flatMap { path in
            path.hasPrefix("/usr/") ? [path, String(path.dropFirst(4))] : [path, "/usr\(path)"]
        }
        let output = try await Command("dpkg-query", ["--search"] + names.sorted()).run().output
        var packages: Set<String> = []
        for line in output.split(separator: "\n") {
            // `libssl3:amd64: /usr/lib/…`
            guard let name = line.split(separator: ":").first.map(String.init), SystemRoot.isPackageName(name) else {
                continue
            }
            packages.insert(name)
        }
        return packages
    }

    /// The layer with the interpreter, on top of a system that has those packages.
    func layer(on layers: [String]) async throws -> String {
        let version = interpreter.version
        let script = """
            cd /usr/local/bin
            ln -sf python\(version) python3
            ln -sf python3 python
            ldconfig
            python\(version) -m ensurepip --altinstall >/dev/null
            ln -sf pip\(version) pip3
            ln -sf pip3 pip
            """
        return try await TrustedLayer(store: store).make(
            on: layers,
            script: script,
            fill: { folder in
                try await copy(into: "\(folder)/usr/local")
                for file in Self.mentions("\(folder)/usr/local", version) {
                    try Self.replace(interpreter.prefix, in: file)
                }
            }
        )
    }

    // MARK: - Private

    /// Parts of the standard library that no server needs, and those that other distributions of Python forbid with.
    private var leftOut: [String] {
        let library = "lib/python\(interpreter.version)"
        let names = ["test", "idlelib", "turtledemo", "tkinter", "EXTERNALLY-MANAGED", "config-*/*.a", "config-*/*.o"]
        return names.map { "\(library)/\($0)" } + ["\(library)/site-packages/*", "\(library)/lib-dynload/_tkinter*"]
    }

    private func copy(into place: String) async throws {
        try Durable.makeFolder(place)
        let version = interpreter.version
        var parts = ["bin/python\(version)", "lib/python\(version)"]
        let optional = ["bin/python\(version)-config", "include/python\(version)"]
        parts += optional.filter { FileTree.exists("\(interpreter.prefix)/\($0)") }
        let libraries = try FileTree.names(in: "\(interpreter.prefix)/lib")
        parts += libraries.filter { $0.hasPrefix("libpython3") && $0.contains(".so") }.map { "lib/\($0)" }
        let script = "from=$1; to=$2; shift 2; tar -C \"$from\" -cf - \"$@\" | tar -C \"$to\" --no-same-owner -xf -"
        let excludes = leftOut.map { "--exclude=\($0)" }
        let words = ["-c", "set -e; \(script)", "sh", interpreter.prefix, place] + excludes + ["--"] + parts
        try await Command("/bin/sh", words).checked()
        try Durable.makeFolder("\(place)/lib/python\(version)/site-packages")
    }

    /// Files that say where the interpreter was made for, which builds of extensions read.
    private static func mentions(_ place: String, _ version: String) -> [String] {
        let library = "\(place)/lib/python\(version)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return names.filter { $0.hasPrefix("_sysconfigdata") && $0.hasSuffix(".py") }.map { "\(library)/\($0)" }
            + names.filter { $0.hasPrefix("config-") }.map { "\(library)/\($0)/Makefile" }
            + ["\(place)/bin/python\(version)-config"]
    }

    private static func replace(_ prefix: String, in file: String) throws(Fault) {
        guard let bytes = try FileTree.read(file, limit: 4 << 20) else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let status = try FileTree.status(file), text.contains(prefix) else { return }
        let data = Data(text.replacing(prefix, with: "/usr/local").utf8)
        try Durable.write(data, to: file, mode: status.st_mode & 0o777)
    }

    /// The shared libraries that interpreter and standard library load from outside their own folder.
    private func libraries() async throws -> Set<String> {
        let library = "\(interpreter.prefix)/lib/python\(interpreter.version)/lib-dynload"
        let modules = FileTree.exists(library) ? try FileTree.names(in: library) : []
        let files = modules.filter { $0.hasSuffix(".so") && !$0.hasPrefix("_tkinter") }.map { "\(library)/\($0)" }
        let program = "\(interpreter.prefix)/bin/python\(interpreter.version)"
        let output = try await Command("ldd", [program] + files).run().output
        var found: Set<String> = []
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 2, words[1] == "=>" else { continue }
            if words[2].hasPrefix("/") {
                if !words[2].hasPrefix("\(interpreter.prefix)/") { found.insert(words[2]) }
            }
        }
        return found
    }
}
