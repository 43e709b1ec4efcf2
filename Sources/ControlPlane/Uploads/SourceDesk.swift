package import Foundation
package import Model

/// Where uploaded project files go; `Images` has the store itself.
package struct SourceDesk: Sendable {
    /// Digests of the files that the server lacks.
    var missing: @Sendable (SourceManifest) async throws -> [String]
    /// Takes in a file of exactly that content, as it comes.
    var begin: @Sendable (_ sha256: String, _ size: Int64) async throws -> Sink

    /// A file on its way in; one that is let go of before its end leaves nothing.
    package struct Sink: Sendable {
        var append: @Sendable (Data) async throws -> Void
        /// - Throws: ``Fault`` `invalidRequest` when the content is another one than announced.
        var finish: @Sendable () async throws -> Void

        package init(
            append: @escaping @Sendable (Data) async throws -> Void,
            finish: @escaping @Sendable () async throws -> Void
        ) {
            self.append = append
            self.finish = finish
        }
    }

    package init(
        missing: @escaping @Sendable (SourceManifest) async throws -> [String],
        begin: @escaping @Sendable (String, Int64) async throws -> Sink
    ) {
        self.missing = missing
        self.begin = begin
    }
}
