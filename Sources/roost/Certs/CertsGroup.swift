import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct CertsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs",
        abstract: "Host names of an app, and their certificates.",
        subcommands: [
            CertsAdd.self, CertsList.self, CertsCheck.self, CertsSetup.self, CertsImport.self, CertsRemove.self,
            CertsTrust.self,
        ]
    )
}

struct CertsAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Give an app a host name, and have it certified.",
        aliases: ["create"]
    )

    @Argument(help: "For example www.example.com.") var hostname: String
    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let detail = try await RoostClient.atHost {
            try await $0.post(
                apiPath("apps", app, "certificates", "acme"),
                ["hostname": hostname],
                as: CertificateDetail.self
            )
        }
        if json { return try Output.json(detail) }
        print("\(detail.hostname) leads to \(app) now.")
        CertificateText.setup(detail)
        print("\nroost certs check \(detail.hostname) -a \(app) says how far it is.")
    }
}

struct CertsSetup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Say what the DNS of a host name should be."
    )

    @Argument(help: "A host name of the app.") var hostname: String
    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let detail = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "certificates", hostname), as: CertificateDetail.self)
        }
        if json { return try Output.json(detail.dnsRequirements) }
        CertificateText.setup(detail)
    }
}

struct CertsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the host names of an app.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let list = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "certificates") + "?limit=500", as: CertificateList.self)
        }
        if json { return try Output.json(list.certificates) }
        var table = Table("HOSTNAME", "SOURCE", "STATUS", "EXPIRES", "TROUBLE")
        for one in list.certificates {
            table.add(
                one.hostname,
                one.hasCustomCertificate ? "Custom" : one.hasFlyCertificate ? "ACME" : one.configured ? "Local" : "-",
                CertificateText.words(one.status),
                one.expiresAt.map { String($0.prefix(10)) } ?? "-",
                Output.harmless(one.trouble ?? "")
            )
        }
        Output.table(table)
        if list.totalCount > list.certificates.count {
            Output.warn("\(list.totalCount - list.certificates.count) more are not shown")
        }
    }
}

struct CertsCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say how a host name's certificate stands, and try again what failed.",
        aliases: ["show"]
    )

    @Argument(help: "A host name of the app.") var hostname: String
    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let detail = try await RoostClient.atHost {
            try await $0.post(
                apiPath("apps", app, "certificates", hostname, "check"),
                [String: String](),
                as: CertificateDetail.self
            )
        }
        if json { return try Output.json(detail) }
        CertificateText.show(detail)
    }
}
