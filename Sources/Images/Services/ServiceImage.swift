import Foundation
package import Model
import Toolkit

/// Makes the images of services out of the distribution's packages, and of wheels where it has none: a system, and a
/// small layer that starts it.
package struct ServiceImage: Sendable {
    private let store: ImageStore
    private let bases: PythonBaseMaker

    private let steps: BuildStepRunner

    init(store: ImageStore, bases: PythonBaseMaker, steps: BuildStepRunner) {
        self.store = store
        self.bases = bases
        self.steps = steps
    }

    /// The image; one that was made before, of the same packages' sources, is as good.
    func make(_ reference: ServiceReference, _ trace: BuildTrace) async throws -> Image {
        let release = try SystemReleases.own().release
        let recipe = try ServiceRecipe.make(reference, release: release.name)
        // On the base of Python projects, which most hosts have already: it brings what most packages need.
        let system = try await trace.stage("service") {
            let source = PythonSource(kind: .system(release), origin: "\(release.distribution) \(release.name)")
            let (base, cached) = try await bases.ready(source, recipe.packages, trace)
            guard let wheels = recipe.wheels else { return (base.layers, cached: cached) }
            let (layer, known) = try await WheelLayer(store: store, steps: steps).layer(wheels, on: base, trace)
            return (base.layers + [layer], cached: cached && known)
        }
        return try await trace.stage("image") {
            let layer = try await entry(recipe)
            let config = Image.Config(
                user: recipe.user,
                workingDirectory: "/",
                env: ["PATH=\(PythonBaseMaker.path)", "LANG=C.UTF-8"] + (try version(recipe, system)),
                cmd: [Self.program]
            )
            return (try await store.add(layers: system + [layer], config: config), cached: false)
        }
    }

    /// The service's version, as an image of ours says it; nil for another image.
    package static func version(of image: Image) -> String? {
        image.config.env.first { $0.hasPrefix(variable) }.map { String($0.dropFirst(variable.count)) }
    }

    /// The version of a package in the words of people: `15` of `15+248+deb12u1`, `7.0.15` of `5:7.0.15-1`.
    static func plain(_ version: some StringProtocol) -> String {
        let upstream = version.split(separator: ":").last ?? ""
        return String(upstream.prefix { $0.isNumber || $0 == "." })
    }

    // MARK: - Private

    private static let variable = "ROOST_SERVICE_VERSION="

    /// Of the first package, as the system's own records have it.
    private func version(_ recipe: ServiceRecipe, _ system: [String]) throws(Fault) -> [String] {
        if let version = recipe.version { return [Self.variable + version] }
        guard let name = recipe.packages.first, let bytes = try records(system) else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").drop { $0 != "Package: \(name)" }
        guard let line = lines.first(where: { $0.hasPrefix("Version: ") }) else { return [] }
        return [Self.variable + Self.plain(line.dropFirst("Version: ".count))]
    }

    /// Those of the packages, from the topmost layer that has any.
    private func records(_ system: [String]) throws(Fault) -> [UInt8]? {
        for root in try store.layerPaths(system).reversed() {
            if let bytes = try FileTree.read("\(root)/var/lib/dpkg/status", limit: 8 << 20) { return bytes }
        }
        return nil
    }

    private static let program = "/usr/local/bin/roost-service"

    private struct Key: Codable {
        var kind = "service-entry"
        var script: String
    }

    private func entry(_ recipe: ServiceRecipe) async throws -> String {
        let cache = BuildCache(store: store)
        let key = Key(script: recipe.script)
        if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return layer }
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        let folder = "\(scratch)/layer"
        try Durable.makeFolder("\(folder)/usr/local/bin")
        // A mount of a volume needs a folder to stand on.
        try Durable.makeFolder("\(folder)/data")
        try Durable.write(Data(recipe.script.utf8), to: folder + Self.program, mode: 0o755)
        let layer = try await store.addLayer(from: folder, form: .ownedByRoot(keepingTimes: false))
        try cache.save(key, CachedLayer(layers: [layer]))
        return layer
    }
}
