import Foundation
import Glibc
import Model
import Toolkit

/// Makes stand-ins for official images: what Dockerfiles count on is where they expect it.
struct OfficialImageMaker: Sendable {
    let store: ImageStore
    let bases: PythonBaseMaker

    /// An image in the store, and what it was made of.
    struct Made: Sendable {
        var image: Image
        var origin: String
    }

    /// What one would be made of.
    ///
    /// - Throws: ``Fault`` `buildFailed` when this host can't.
    func origin(of official: OfficialImage) async throws -> String {
        switch official.kind {
        case .debian: return "Debian \(try await bases.release(official.release))"
        case .uv:
            guard access(bases.options.uv, X_OK) == 0 else {
                throw Fault(.toolMissing, "uv is not installed", hint: "roost doctor says what this host lacks")
            }
            return "the uv of this host"
        case .python(let version):
            let wanted = try await self.version(version)
            let offers = try await bases.offers()
            guard let offer = offers.first(where: { PythonVersion($0.version)?.isSameMinor(as: wanted) == true }) else {
                throw PythonBaseMaker.missing(wanted, offers)
            }
            return offer.origin
        }
    }

    /// Makes it, or finds the one that was made before.
    func make(_ official: OfficialImage, _ trace: BuildTrace) async throws -> Made {
        switch official.kind {
        case .uv:
            let layer = try await programs(at: "/", on: [])
            return Made(
                image: try await store.add(layers: [layer], config: Image.Config(env: ["PATH=/"], entrypoint: ["/uv"])),
                origin: "the uv of this host"
            )
        case .debian:
            let base = try await bases.base(release: official.release, packages: packages(official, nil), trace)
            var layers = base.layers + [try await layer(on: base, python: nil)]
            if official.hasUV { layers.append(try await programs(at: "/usr/local/bin", on: layers)) }
            let config = Image.Config(env: ["PATH=\(PythonBaseMaker.path)"], cmd: ["bash"])
            return Made(image: try await store.add(layers: layers, config: config), origin: base.origin)
        case .python(let version):
            let wanted = try await self.version(version).description
            let plain = try await bases.base(python: wanted, trace)
            let base = try await bases.base(python: wanted, packages: packages(official, plain), trace)
            var layers = base.layers + [try await layer(on: base, python: base)]
            if official.hasUV { layers.append(try await programs(at: "/usr/local/bin", on: layers)) }
            let config = Image.Config(
                env: [
                    "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                    "PYTHON_VERSION=\(base.version)",
                ],
                cmd: ["python3"]
            )
            return Made(
                image: try await store.add(layers: layers, config: config),
                origin: "\(base.origin), Python \(base.version)"
            )
        }
    }

    // MARK: - Private

    /// The version that a tag means: the newest that there is where it leaves something open.
    private func version(_ text: String) async throws -> PythonVersion {
        if let version = PythonVersion(text) { return version }
        let offers = try await bases.offers()
        guard let newest = offers.first(where: { text.isEmpty || $0.version.hasPrefix(text + ".") }),
            let version = PythonVersion(newest.version)
        else { throw Fault(.buildFailed, "there is no Python \(text) on this host") }
        return version
    }

    /// What the official images have beyond a small system; those that are not slim have what compilers take.
    private func packages(_ official: OfficialImage, _ python: PythonBase?) -> [String] {
        var packages = python == nil ? [] : ["netbase", "tzdata"]
        // Headers are part of those images, slim or not.
        if let python, !python.python.hasPrefix("/usr/local/") { packages.append("python3-dev") }
        if official.isSlim || official.kind == .debian, !official.hasUV || official.isSlim { return packages }
        return packages + Self.tools
    }

    /// > Source: github.com/docker-library/buildpack-deps, the packages of its Debian images that Python projects use.
    private static let tools = [
        "curl", "wget", "git", "openssh-client", "procps", "gcc", "g++", "make", "patch", "file", "unzip", "xz-utils",
        "pkg-config", "dpkg-dev", "libbz2-dev", "libcurl4-openssl-dev", "libffi-dev", "libjpeg-dev", "liblzma-dev",
        "default-libmysqlclient-dev", "libncurses-dev", "libpng-dev", "libpq-dev", "libreadline-dev", "libsqlite3-dev",
        "libssl-dev", "libwebp-dev", "libxml2-dev", "libxslt1-dev", "libyaml-dev", "zlib1g-dev",
    ]

    private struct Key: Codable {
        var kind = "official"
        /// Counted up when the way of making it changes.
        var builder = 1
        var layers: [String]
        var what: String
    }

    private func cached(_ key: Key, _ make: () async throws -> String) async throws -> String {
        let cache = BuildCache(store: store)
        if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return layer }
        let layer = try await make()
        try cache.save(key, CachedLayer(layers: [layer]))
        return layer
    }

    /// What makes a base of ours look like the official one.
    private func layer(on base: PythonBase, python: PythonBase?) async throws -> String {
        // Dockerfiles make a user of their own, often by this very name.
        var script = "userdel --remove app 2>/dev/null || true\n"
        if let python {
            let minor = python.version.split(separator: ".").prefix(2).joined(separator: ".")
            script += "rm -f /usr/lib/python3*/EXTERNALLY-MANAGED /usr/local/lib/python3*/EXTERNALLY-MANAGED\n"
            if !python.python.hasPrefix("/usr/local/") { script += Self.move(minor) }
        }
        return try await cached(Key(layers: base.layers, what: script)) {
            try await TrustedLayer(store: store).make(on: base.layers, script: script)
        }
    }

    /// Debian's own Python seen from `/usr/local`, with pip there.
    ///
    /// Debian 11 has `pkg_resources`, which is part of setuptools, in a wheel of its own.
    static func move(_ minor: String) -> String {
        """
        cd /usr/local/bin
        ln -sf /usr/bin/python\(minor) python\(minor)
        ln -sf python\(minor) python3
        ln -sf python3 python
        mkdir -p /usr/local/lib/python\(minor)/site-packages
        rm -rf /usr/local/lib/python\(minor)/dist-packages
        ln -s site-packages /usr/local/lib/python\(minor)/dist-packages
        wheels=
        for wheel in /usr/share/python-wheels/pip-*.whl; do
            pip=$wheel
            wheels=$wheel
        done
        case \(minor) in
            3.8|3.9|3.10|3.11)
                for wheel in /usr/share/python-wheels/setuptools-*.whl /usr/share/python-wheels/pkg_resources-*.whl \\
                    /usr/share/python-wheels/wheel-*.whl; do
                    if [ -e "$wheel" ]; then wheels="$wheels $wheel"; fi
                done;;
        esac
        # Old ones do not know the option of that name, and pass over the variable.
        export PIP_ROOT_USER_ACTION=ignore
        python3 "$pip/pip" -q install --no-index --no-deps --no-cache-dir $wheels
        [ -e pip ] || ln -s pip3 pip

        """
    }

    private func programs(at place: String, on layers: [String]) async throws -> String {
        let uv = bases.options.uv
        let folder = (uv as NSString).deletingLastPathComponent
        var status = stat()
        guard stat(uv, &status) == 0 else {
            throw Fault(.toolMissing, "uv is not at \(uv)", hint: "roost doctor says what this host lacks")
        }
        let what = "uv \(place) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec)"
        return try await cached(Key(layers: [], what: what)) {
            let scratch = try store.makeScratch()
            defer { FileTree.discard(scratch) }
            let target = place == "/" ? "\(scratch)/layer" : "\(scratch)/layer\(place)"
            try Durable.makeFolder(target)
            for name in ["uv", "uvx"] {
                guard let file = realpath("\(folder)/\(name)", nil) else { continue }
                defer { free(file) }
                try FileTree.copy(String(cString: file), to: "\(target)/\(name)", mode: 0o755)
            }
            return try await store.addLayer(from: "\(scratch)/layer", form: .ownedByRoot(keepingTimes: false))
        }
    }
}
