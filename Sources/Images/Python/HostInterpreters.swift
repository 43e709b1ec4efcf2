import Foundation
import Glibc
import Model
import Toolkit

/// Finds interpreters that this host has besides its distribution's.
struct HostInterpreters: Sendable {
    let places: [PythonPlace]

    /// More folders than this are not looked into.
    private static let maximumFolders = 200
    /// An interpreter that does not say its version within this time is none.
    private static let patience = Duration.seconds(5)

    /// All of them, in the order of the places, the newest of each place first.
    func find() async -> [HostInterpreter] {
        var found: [HostInterpreter] = []
        var seen: Set<String> = []
        for place in places {
            var ofPlace: [HostInterpreter] = []
            for prefix in Self.prefixes(in: place) where seen.insert(prefix).inserted {
                ofPlace += await Self.interpreters(in: prefix, of: place)
            }
            found += ofPlace.sorted { Self.numbers($0.full).lexicographicallyPrecedes(Self.numbers($1.full)) }
                .reversed()
        }
        return found
    }

    // MARK: - Private

    private static func numbers(_ version: String) -> [Int] { PythonVersion(version)?.numbers ?? [] }

    /// Folders that may hold an interpreter, without links in their paths.
    private static func prefixes(in place: PythonPlace) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.folder)) ?? []
        let children = names.filter { $0.hasPrefix(place.prefix) && !$0.hasPrefix(".") }.sorted()
        let folders = [place.folder] + children.prefix(maximumFolders).map { "\(place.folder)/\($0)" }
        return folders.compactMap { folder in
            guard let resolved = realpath(folder, nil) else { return nil }
            defer { free(resolved) }
            return String(cString: resolved)
        }
    }

    private static func interpreters(in prefix: String, of place: PythonPlace) async -> [HostInterpreter] {
        // A virtual environment is only a link to an interpreter.
        guard access("\(prefix)/pyvenv.cfg", F_OK) != 0, prefix != "/usr", prefix != "/" else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(prefix)/bin")) ?? []
        var found: [HostInterpreter] = []
        for name in names.sorted() where isInterpreterName(name) {
            if let interpreter = await interpreter("\(prefix)/bin/\(name)", in: prefix, of: place) {
                found.append(interpreter)
            }
        }
        return found
    }

    /// `python3.12`, but neither `python3.13t` nor `python3.12-config`.
    static func isInterpreterName(_ name: String) -> Bool {
        guard name.hasPrefix("python3.") else { return false }
        let minor = name.dropFirst("python3.".count)
        // Nothing that uv works with is older.
        return minor.utf8.count < 4 && (Int(minor) ?? 0) >= 8
    }

    private static func interpreter(
        _ path: String,
        in prefix: String,
        of place: PythonPlace
    ) async -> HostInterpreter? {
        let version = String(path.dropFirst("\(prefix)/bin/python".count))
        var status = stat()
        // The standard library beside it tells it from a shim, and the format from a script.
        guard access("\(prefix)/lib/python\(version)/os.py", R_OK) == 0, lstat(path, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG, let start = try? FileTree.start(of: path, count: 4),
            start == [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")]
        else { return nil }
        let script = """
            import sys, sysconfig
            v = sys.version_info
            plain = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
            print("roost", plain and v[3] == "final", "%d.%d.%d" % v[:3])
            """
        let outcome = try? await withTimeout(patience, "ask \(path) for its version") {
            try await Command(path, ["-I", "-S", "-c", script]).run()
        }
        let words = outcome?.output.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
        guard outcome?.code == 0, words.count == 3, words[0] == "roost", words[1] == "True",
            words[2].hasPrefix("\(version).")
        else { return nil }
        let time = status.st_mtim
        return HostInterpreter(
            prefix: prefix,
            version: version,
            full: words[2],
            origin: place.origin,
            stamp: "\(status.st_ino) \(status.st_size) \(time.tv_sec) \(time.tv_nsec)"
        )
    }
}
