/// Which Pythons the pinned packages of a project have ready-made files for.
///
/// An image without a compiler can't install a package that has no wheel for its Python, so an old pin decides the version
/// where nothing else does.
///
/// > Source: the files on pypi.org, November 2026: the first version with a wheel of `manylinux` for CPython 3.11, 3.12, 3.13
/// > and 3.14.
enum WheelAges {
    /// The newest Python that a pin has wheels for, and the pin that says so: `pydantic-core 2.18.2`.
    struct Limit: Equatable {
        var minor: Int
        var pin: String
    }

    /// The pin that reaches least far; nil when all of them have wheels for every version in the table.
    static func limit(_ dependencies: [Facts.Dependency]) -> Limit? {
        let limits = dependencies.compactMap { dependency -> Limit? in
            guard let version = pinned(dependency.version), let first = firsts[dependency.name] else { return nil }
            let count = first.prefix { !version.lexicographicallyPrecedes($0) }.count
            guard count < first.count else { return nil }
            return Limit(minor: oldest + count - 1, pin: "\(dependency.name) \(dependency.version.dropFirst(2))")
        }
        return limits.min { ($0.minor, $0.pin) < ($1.minor, $1.pin) }
    }

    // MARK: - Private

    private static let oldest = 11

    /// The numbers of `==2.18.2`; nil for a range, a wildcard and a version before its release.
    private static func pinned(_ specifier: String) -> [Int]? {
        guard specifier.hasPrefix("==") else { return nil }
        let parts = specifier.dropFirst(2).drop { $0 == "=" || $0 == " " }.split(
            separator: ".",
            omittingEmptySubsequences: false
        )
        let numbers = parts.compactMap { Int($0) }
        return numbers.count == parts.count && parts.count < 6 ? numbers : nil
    }

    /// By package: the first version with wheels for 3.11, 3.12, 3.13, 3.14.
    private static let firsts: [String: [[Int]]] = [
        "aiohttp": [[3, 8, 2], [3, 9, 0], [3, 10, 5], [3, 13, 0]],
        "asyncpg": [[0, 27, 0], [0, 29, 0], [0, 30, 0], [0, 31, 0]],
        "cffi": [[1, 15, 1], [1, 16, 0], [1, 17, 0], [2, 0, 0]],
        "confluent-kafka": [[2, 0, 2], [2, 3, 0], [2, 6, 0], [2, 12, 1]],
        "greenlet": [[1, 1, 3], [3, 0, 0], [3, 1, 0], [3, 2, 3]],
        "grpcio": [[1, 49, 0], [1, 59, 0], [1, 66, 2], [1, 75, 1]],
        "httptools": [[0, 5, 0], [0, 6, 1], [0, 6, 2], [0, 7, 1]],
        "lxml": [[4, 9, 1], [4, 9, 3], [5, 3, 0], [6, 0, 1]],
        "numpy": [[1, 23, 2], [1, 26, 0], [2, 1, 0], [2, 3, 2]],
        "orjson": [[3, 7, 7], [3, 9, 3], [3, 10, 7], [3, 11, 1]],
        "pandas": [[1, 5, 0], [2, 1, 1], [2, 2, 3], [2, 3, 3]],
        "pillow": [[9, 2, 0], [10, 0, 0], [10, 4, 0], [11, 3, 0]],
        "psycopg-binary": [[3, 1, 4], [3, 1, 12], [3, 2, 2], [3, 2, 10]],
        "psycopg2-binary": [[2, 9, 5], [2, 9, 9], [2, 9, 10], [2, 9, 11]],
        // From 2.0 on it asks for one version of its core, which has the wheels.
        "pydantic": [[1, 10, 0], [1, 10, 17], [2, 8, 0], [2, 12, 0]],
        "pydantic-core": [[0, 3, 0], [2, 1, 2], [2, 20, 0], [2, 35, 0]],
        "pyyaml": [[6, 0], [6, 0, 1], [6, 0, 2], [6, 0, 3]],
        "rpds-py": [[0, 7, 1], [0, 8, 8], [0, 19, 1], [0, 26, 0]],
        "scikit-learn": [[1, 1, 3], [1, 3, 1], [1, 5, 2], [1, 7, 2]],
        "scipy": [[1, 9, 2], [1, 11, 2], [1, 14, 1], [1, 16, 1]],
        "tiktoken": [[0, 1, 1], [0, 5, 2], [0, 8, 0], [0, 12, 0]],
        "uvloop": [[0, 17, 0], [0, 18, 0], [0, 21, 0], [0, 22, 1]],
        "watchfiles": [[0, 21, 0], [0, 21, 0], [0, 23, 0], [1, 1, 0]],
    ]
}
