import Client
import Foundation
import Model
import Toolkit

/// Brings a project's files to the server: only those that it lacks.
struct SourceUpload {
    let client: RoostClient
    let folder: String
    let files: BuildFiles
    /// Standard output is for a script to read.
    var onErrors = false
    /// Uploads under way at once.
    private static let width = 4

    func run() async throws -> SourceManifest {
        let start = ContinuousClock.now
        let survey = try SourceFolder.survey(
            folder,
            ignoreFile: files.ignoreFile,
            always: [files.dockerfile].compactMap { $0 }
        )
        let manifest = survey.manifest
        if !survey.secrets.isEmpty { print(Self.note(survey.secrets, files)) }
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

    private static func note(_ secrets: [String], _ files: BuildFiles) -> String {
        let more = secrets.count > 3 ? " and \(secrets.count - 3) more" : ""
        let names = Output.harmless(secrets.prefix(3).joined(separator: ", ")) + more
        let ignore = files.ignoreFile ?? ".dockerignore"
        return
            "\(names) not sent: an image is no place for secrets (a line !\(Output.harmless(secrets[0])) in \(ignore)"
            + " sends it)"
    }

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
