import ArgumentParser
import Foundation
import Model
import Store
import Toolkit

/// What is done about the store while no daemon uses it.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "List, put back or accept the store of a host whose serve is stopped.",
        subcommands: [StoreCopiesCommand.self, StoreRestore.self, StoreAccept.self]
    )
}

/// The copies that there are.
struct StoreCopiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "copies", abstract: "List the copies, newest first.")

    @OptionGroup var flags: HostFlags

    func run() async throws {
        let config = try HostConfig.load(flags)
        let all = StoreCopies(config.paths).all()
        if all.isEmpty { return print("there is no copy in \(config.paths.backups)") }
        for copy in all { print("\(copy.made)  revision \(copy.revision)  \(copy.path)") }
    }
}

/// Puts the last good copy in the place of the store.
struct StoreRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put the newest copy, or the one named, in the store's place; the store is moved aside."
    )

    @OptionGroup var flags: HostFlags
    @Argument(help: "A copy's path, as `store copies` lists them; else the newest.") var copy: String?

    func run() async throws {
        let config = try HostConfig.load(flags)
        let lock = try InstanceLock(path: "\(config.paths.state)/serve.lock")
        defer { lock.release() }
        let copies = StoreCopies(config.paths)
        let all = copies.all()
        guard let chosen = copy.map({ path in all.first { $0.path == path } }) ?? all.first else {
            throw Fault(
                .invalidRequest,
                copy.map { "\($0) is none of the store's copies" } ?? "there is no copy in \(config.paths.backups)",
                hint: "roostd store copies lists those there are; roost store accept goes on with what there is"
            )
        }
        let aside = try copies.restore(chosen, mark: config.paths.mark, now: .now())
        print("the store is now that of \(chosen.made) (revision \(chosen.revision))")
        if let aside { print("the one before is in \(aside)") }
        print("What was deployed since is not in it. Sandboxes that it does not know run on:")
        print("once serve runs, roost machine strangers lists them.")
    }
}

/// Goes on with the store that there is.
struct StoreAccept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Go on with the store that there is, though something of it is lost."
    )

    @OptionGroup var flags: HostFlags

    func run() async throws {
        let config = try HostConfig.load(flags)
        let lock = try InstanceLock(path: "\(config.paths.state)/serve.lock")
        defer { lock.release() }
        let revision = try StoreCopies(config.paths).accept(mark: config.paths.mark)
        print("the store goes on at revision \(revision)")
    }
}

extension StoreCopies {
    /// Of a host.
    init(_ paths: HostPaths) {
        self.init(database: paths.database, folder: paths.backups)
    }
}
