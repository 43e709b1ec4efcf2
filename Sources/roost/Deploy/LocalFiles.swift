import Foundation
import Model
import Toolkit

/// Files of the project that Machines are to find: `local_path` of `[[files]]`.
enum LocalFiles {
    /// Together: they are part of each Machine's configuration.
    static let mostBytes = 1 << 20

    /// Puts what they hold in the place of their paths.
    ///
    /// - Parameters:
    ///   - config: the project's.
    ///   - path: of its file, from whose folder they are named.
    /// - Throws: ``Fault`` `invalidConfig` naming one that can't be read, `tooLarge`.
    static func read(into config: inout AppConfig, beside path: String) throws(Fault) {
        let folder = URL(filePath: path).deletingLastPathComponent()
        var total = 0
        for index in config.files.indices {
            guard let local = config.files[index].localPath else { continue }
            let place = URL(filePath: local, relativeTo: folder).path
            guard let data = FileManager.default.contents(atPath: place) else {
                throw Fault(
                    .invalidConfig,
                    "files[\(index)].local_path: can't read \(place)",
                    hint: "the path is taken from the folder of \(path)"
                )
            }
            total += data.count
            guard total <= mostBytes else {
                throw Fault(
                    .tooLarge,
                    "files: together they have more than \(mostBytes >> 20) MB at \(local)",
                    hint: "put large files into the image, or on a volume"
                )
            }
            config.files[index].rawValue = data.base64EncodedString()
            config.files[index].localPath = nil
            config.files[index].secretName = nil
        }
    }
}
