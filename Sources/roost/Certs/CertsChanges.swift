import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct CertsImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring a certificate of your own; it is presented before any other.",
        discussion: """
            The private key goes to the server over its socket, and is kept there in a file that only root can read. A \
            certificate for all names of the platform's own domain ('*.apps.example.com') counts for every app.
            """
    )

    @Argument(help: "The host name, or '*.' and a domain.") var hostname: String
    @Option(help: "File with the certificate and its chain, PEM.") var fullchain: String
    @Option(help: "File with the private key, PEM, without a password.") var privateKey: String
    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let wanted = CertificateImport(
            hostname: hostname,
            fullchain: try Self.read(fullchain),
            privateKey: try Self.read(privateKey)
        )
        let detail = try await RoostClient.atHost {
            try await $0.post(apiPath("apps", app, "certificates", "custom"), wanted, as: CertificateDetail.self)
        }
        if json { return try Output.json(detail) }
        CertificateText.show(detail)
    }

    private static func read(_ path: String) throws(Fault) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.invalidRequest, "\(path) can't be read", hint: "is it there, and may you read it?")
        }
        guard data.count <= 1 << 20 else { throw Fault(.invalidRequest, "\(path) is too large for a certificate") }
        return String(decoding: data, as: UTF8.self)
    }
}

struct CertsRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a host name from an app, or only one of its certificates.",
        aliases: ["delete", "rm"]
    )

    @Argument(help: "A host name of the app.") var hostname: String
    @OptionGroup var connection: Connection
    @Flag(help: "Only the certificate that was ordered; none is ordered any more.") var acme = false
    @Flag(help: "Only the certificate that was brought.") var custom = false
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false

    func validate() throws {
        if acme, custom { throw ValidationError("--acme and --custom together are all of it: leave both out") }
    }

    func run() async throws {
        let app = try connection.appName()
        let what = acme ? "the ordered certificate of " : custom ? "the imported certificate of " : ""
        try Person.confirm("Remove \(what)\(hostname) from \(app)?", yes: yes)
        let path = apiPath("apps", app, "certificates", hostname) + (acme ? "/acme" : custom ? "/custom" : "")
        try await RoostClient.atHost { try await $0.delete(path) }
        print("Removed \(what)\(hostname)")
    }
}

struct CertsTrust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Have this machine trust the server's own authority, for *.localhost and its like.",
        discussion: """
            Installs the authority's certificate where Debian's programs look for such. It can vouch for names under \
            localhost, test, internal and other local domains, and for no other. Browsers with a store of their own take \
            the file that --print writes.
            """
    )

    @Flag(name: .long, help: "Print the certificate instead of installing it.") var print = false
    @Option(help: "Put the file there, and have no store read it.") var folder: String?

    /// > Source: update-ca-certificates(8).
    private static let systemFolder = "/usr/local/share/ca-certificates"

    func run() async throws {
        let answer = try await RoostClient.atHost {
            try await $0.get("/v1/certificates/authority", as: [String: String].self)
        }
        guard let certificate = answer["certificate"] else {
            throw Fault(.unsupported, "this roostd has no authority of its own")
        }
        if print { return Swift.print(certificate, terminator: "") }
        let path = "\(folder ?? Self.systemFolder)/roost-local-authority.crt"
        try Durable.makeFolder(folder ?? Self.systemFolder)
        try Durable.write(Data(certificate.utf8), to: path)
        guard folder == nil else { return Swift.print(path) }
        try await Command("update-ca-certificates", []).checked()
        Swift.print("\(path) is installed; programs that read the system's certificates trust it.")
    }
}
