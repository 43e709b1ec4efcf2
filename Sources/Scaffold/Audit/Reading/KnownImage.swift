/// What is known of images that others make: who they run as, which tools they carry, which Python.
///
/// > Source: the Dockerfiles of the official images (github.com/docker-library), of tiangolo/uvicorn-gunicorn-docker
/// > and of astral-sh/uv; docs of the others. A full `python` image is made from `buildpack-deps`, which has curl,
/// > wget, git and compilers; `slim` adds only certificates and time zones.
struct KnownImage: Sendable {
    enum Family: Sendable { case debian, debianFull, alpine, redHat, bare }

    var name: ImageReference
    var family: Family?
    /// The minor version of Python: 12 of 3.12.
    var pythonMinor: Int?
    /// Nil when nothing is known.
    var runsAsRoot: Bool?

    init(_ name: ImageReference) {
        self.name = name
        family = Self.family(of: name)
        pythonMinor = Self.python(of: name)
        runsAsRoot = Self.root(of: name, family: family)
    }

    /// Whether a program is in the image; nil when that is not known.
    func has(_ tool: String) -> Bool? {
        guard let family else { return nil }
        var tools: Set<String> = family == .bare ? [] : ["sh"]
        switch family {
        case .debian: tools.formUnion(["bash", "perl", "grep", "sed", "test", "[", "timeout", "cat"])
        case .debianFull:
            tools.formUnion(["bash", "perl", "grep", "sed", "test", "[", "timeout", "cat"])
            tools.formUnion(["curl", "wget", "git", "gcc", "make"])
        case .alpine:
            tools.formUnion(["wget", "nc", "grep", "sed", "test", "[", "timeout", "cat", "ping", "pgrep", "ps"])
        case .redHat: tools.formUnion(["bash", "curl", "grep", "sed", "test", "[", "timeout", "cat"])
        case .bare: break
        }
        if pythonMinor != nil || name.isOfficial && name.repository == "python" {
            tools.formUnion(["python", "python3", "pip"])
        }
        if name.repository == "nginx" || name.repository.hasSuffix("/nginx-unprivileged") { tools.insert("curl") }
        if name.repository == "node" { tools.formUnion(["node", "npm"]) }
        return tools.contains(tool)
    }

    /// Carries compilers and headers.
    var isFull: Bool { family == .debianFull }

    // MARK: - Private

    private static let debianBased: Set<String> = [
        "debian", "ubuntu", "postgres", "redis", "mysql", "mariadb", "mongo", "nginx", "rabbitmq", "httpd", "memcached",
    ]

    private static let fullOrSlim: Set<String> = ["python", "node", "ruby", "golang", "rust", "openjdk", "php", "pypy"]

    private static func family(of name: ImageReference) -> Family? {
        let words = Set(name.words)
        let isAlpine = name.words.contains { $0.hasPrefix("alpine") }
        if name.repository == "scratch" || name.repository.contains("distroless") { return .bare }
        if name.isOfficial {
            if name.repository == "alpine" { return .alpine }
            if isAlpine { return .alpine }
            if fullOrSlim.contains(name.repository) { return words.contains("slim") ? .debian : .debianFull }
            if name.repository == "buildpack-deps" { return words.contains("curl") ? nil : .debianFull }
            if debianBased.contains(name.repository) { return .debian }
            if ["amazonlinux", "fedora", "rockylinux", "almalinux", "centos"].contains(name.repository) {
                return .redHat
            }
            return nil
        }
        if name.repository.hasPrefix("tiangolo/uvicorn-gunicorn") || name.repository.hasPrefix("tiangolo/meinheld") {
            if isAlpine { return .alpine }
            return words.contains("slim") ? .debian : .debianFull
        }
        if name.registry == "ghcr.io", name.repository == "astral-sh/uv" {
            guard
                name.words.contains(where: {
                    $0.hasPrefix("python") || $0 == "bookworm" || $0 == "trixie" || $0 == "debian"
                }) || isAlpine
            else { return .bare }
            if isAlpine { return .alpine }
            return words.contains("slim") ? .debian : .debianFull
        }
        return nil
    }

    private static func python(of name: ImageReference) -> Int? {
        if name.isOfficial, name.repository == "python" {
            let version = name.version
            return version.count > 1 && version[0] == 3 ? version[1] : nil
        }
        guard let word = name.words.first(where: { $0.hasPrefix("python3.") }) else { return nil }
        let isKnown = name.repository.hasPrefix("tiangolo/") || name.repository == "astral-sh/uv"
        return isKnown ? Int(word.dropFirst("python3.".count)) : nil
    }

    private static func root(of name: ImageReference, family: Family?) -> Bool? {
        let text = "\(name.registry ?? "")/\(name.repository):\(name.tag ?? "")"
        let others = [
            "nonroot", "cgr.dev/", "dhi.io/", "micromamba", "bitnami/", "unprivileged", "jupyter/", "ubi8/python",
            "ubi9/python",
            "ubi10/python", "rootless", "apache/airflow",
        ]
        if others.contains(where: text.contains) { return false }
        return family == nil ? nil : true
    }
}
