import Foundation
import Model
import Toolkit

/// Makes the layer of a service's wheels, by uv in a sandbox as a project's dependencies are.
struct WheelLayer: Sendable {
    let store: ImageStore
    let steps: BuildStepRunner

    /// One that was made of the same wheels for the same base is as good.
    ///
    /// - Throws: ``Fault`` `buildFailed` where the index has no such file for this processor or Python.
    func layer(
        _ wheels: ServiceWheels,
        on base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> (layer: String, cached: Bool) {
        let cache = BuildCache(store: store)
        let key = Key(wheels: wheels, base: base.layers)
        if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return (layer, true) }
        try await trace.say("service", "takes from the package index: \(wheels.requirements.joined(separator: ", "))")
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        for folder in ["layer", "cache"] {
            try Durable.makeFolder("\(scratch)/\(folder)")
            try FileTree.give("\(scratch)/\(folder)", to: BuildStepRunner.userID)
        }
        var step = try steps.installing(on: base, script: Self.script(wheels, base.python), Self.environment)
        step.mounts += [
            .init(source: "\(scratch)/layer", destination: Self.output),
            .init(source: "\(scratch)/cache", destination: Self.cache),
        ]
        let last = LastLines()
        let code = try await steps.run(step) { line in
            last.add(line)
            try await trace.say("service", line)
        }
        guard code == 0 else {
            throw BuildStepRunner.fault("the service's files could not be had from the package index", code, last)
        }
        let layer = try await store.addLayer(from: "\(scratch)/layer", form: .ownedByRoot(keepingTimes: false))
        try cache.save(key, CachedLayer(layers: [layer]))
        return (layer, false)
    }

    // MARK: - Private

    private struct Key: Codable {
        var kind = "service-wheels"
        var wheels: ServiceWheels
        var base: [String]
    }

    private static let output = "\(BuildStepRunner.place)/layer"
    private static let cache = "\(BuildStepRunner.place)/cache"
    private static let environment = [
        "UV_CACHE_DIR": cache, "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy", "UV_NO_PROGRESS": "1",
    ]

    private static func script(_ wheels: ServiceWheels, _ python: String) -> String {
        let install = [BuildStepRunner.uv, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
        let words = install + ["--python", python, "--target", ServiceWheels.place] + wheels.requirements
        return """
            set -e
            umask 022
            cd \(output)
            \(words.map { "'\($0)'" }.joined(separator: " "))
            \(wheels.arrange)
            """
    }
}
