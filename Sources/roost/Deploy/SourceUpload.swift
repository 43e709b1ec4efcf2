import Client
import Foundation
import Model
import Toolkit

/// Brings a project's files to the server: only those that it lacks.
struct SourceUpload {
    let client: RoostClient
    let folder: String
    let build: AppConfig.Build
    /// Standard output is for a script to read.
    var onErrors = false
    /// Uploads under way at once.
    private static let width = 4

    func run() async throws -> SourceManifest {
        let start = ContinuousClock.now
        let manifest = try SourceFolder.scan(
            folder,
            ignoreFile: build.ignorefile,
            always: [build.dockerfile].compactMap { $0 }
        )
        let missing = Set(try await client.post("/v1/sources/missing", manifest, as: [String].self))
        var wanted: [String: SourceManifest.Entry] = [:]
        for entry in manifest.files where missing.contains(entry.sha256) { wanted[entry.sha256] = entry }
        try await upload(Array(wanted.values))
        let took = Output.seconds((ContinuousClock.now - start).seconds)
        let line = "==> upload: \(wanted.count) of \(manifest.files.count) files (\(took))"
        if onErrors { Output.warn(line) } else { print(line) }
        return manifest
    }

    // MARK: - Private

    private func upload(_ entries: [SourceManifest.Entry]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, entry) in entries.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask {
                    let path = "\(folder)/\(entry.path)"
                    try await client.put(apiPath("sources", entry.sha256), file: path, size: entry.size)
                }
            }
            try await group.waitForAll()
        }
    }
}
