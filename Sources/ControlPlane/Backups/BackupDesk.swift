package import Model

/// What the host's maker of backups is asked for.
package struct BackupDesk: Sendable {
    var view: @Sendable () async throws -> BackupView
    var begin: @Sendable () async throws -> BackupView

    /// - Parameters:
    ///   - view: how backups went, and what goes on.
    ///   - begin: begins one and returns at once.
    package init(
        view: @escaping @Sendable () async throws -> BackupView,
        begin: @escaping @Sendable () async throws -> BackupView
    ) {
        self.view = view
        self.begin = begin
    }
}
