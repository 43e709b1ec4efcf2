import Foundation
package import Model
import Toolkit

/// The edge's copy of its certificates, a file each, so that it starts without `serve`.
package struct CertificateCopy: Sendable {
    private let folder: String

    /// - Parameter folder: for root alone, as private keys are in it; made when there is something to write.
    package init(folder: String) { self.folder = folder }

    /// All that can be read; a file that can't be costs its own name alone, and `unreadable` is told its path and why.
    package func load(unreadable: (String, Fault) -> Void) -> [EdgeCertificate] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
            let path = "\(folder)/\(name)"
            do throws(Fault) {
                return try read(path)
            } catch {
                unreadable(path, error)
                return nil
            }
        }
    }

    /// Writes what is new and takes away what is gone; blocks.
    package func take(_ news: CertificateNews) throws(Fault) {
        if !news.put.isEmpty { try Durable.makeFolder(folder, mode: 0o700) }
        for certificate in news.put where (try? read(path(certificate.hostname)))?.id != certificate.id {
            try Durable.write(try JSON.encode(certificate), to: path(certificate.hostname), mode: 0o600)
        }
        for hostname in news.removed { try remove(path(hostname)) }
        guard let all = news.all else { return }
        let wanted = Set(all.map(path))
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".json") {
            if !wanted.contains("\(folder)/\(name)") { try remove("\(folder)/\(name)") }
        }
    }

    // MARK: - Private

    private func read(_ path: String) throws(Fault) -> EdgeCertificate {
        guard let data = FileManager.default.contents(atPath: path) else { throw Durable.fault(ENOENT, "read", path) }
        return try JSON.decode(EdgeCertificate.self, from: data, what: path)
    }

    /// By a digest of the name, which may begin with `*`.
    private func path(_ hostname: String) -> String {
        "\(folder)/\(Digest.hex(Data(hostname.lowercased().utf8)).prefix(32)).json"
    }

    private func remove(_ path: String) throws(Fault) {
        guard unlink(path) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", path) }
    }
}
