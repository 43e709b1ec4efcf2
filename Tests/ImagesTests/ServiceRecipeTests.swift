import Model
import Testing
import Toolkit

@testable import Images

@Suite("Recipes of services")
struct ServiceRecipeTests {
    @Test("each kind is made of packages or wheels by a user that is not root", arguments: TryoutKind.allCases)
    func kinds(kind: TryoutKind) throws {
        let recipe = try ServiceRecipe.make(ServiceReference(kind), release: "bookworm")
        #expect(!["", "root", "0"].contains(recipe.user))
        // The one tells the version by itself, the other has to say it.
        #expect(recipe.packages.isEmpty == (recipe.version != nil))
        for requirement in recipe.wheels?.requirements ?? [] {
            #expect(requirement.wholeMatch(of: /[a-z0-9-]+==[0-9][a-z0-9.]*/) != nil, "\(requirement)")
        }
        #expect(recipe.packages.allSatisfy(SystemRoot.isPackageName))
        #expect(recipe.script.hasPrefix("#!/bin/sh\nset -eu\n"))
    }

    @Test(
        "each script is one that the shell can read, and hands no password to a program's arguments",
        arguments: TryoutKind.allCases
    )
    func scripts(kind: TryoutKind) async throws {
        let script = try ServiceRecipe.make(ServiceReference(kind), release: "bookworm").script
        let outcome = try await Command("/bin/sh", ["-n"], input: script).run()
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(script.contains("unset ROOST_PASSWORD"))
        // Built into the shell, so that no process bears it.
        for line in script.split(separator: "\n") where line.contains("$ROOST_PASSWORD") {
            let words = line.split(separator: " ")
            #expect(words.contains { $0.hasSuffix("printf") || $0.contains("=") || $0.hasPrefix("\"") }, "\(line)")
        }
    }

    @Test("extensions are packages of the release's own PostgreSQL")
    func extras() throws {
        let reference = ServiceReference(.postgres, extras: ["postgis", "cron"])
        #expect(
            try ServiceRecipe.make(reference, release: "bookworm").packages
                == ["postgresql", "postgresql-15-cron", "postgresql-15-postgis-3"]
        )
        #expect(try ServiceRecipe.make(reference, release: "trixie").packages.last == "postgresql-17-postgis-3")
        // Debian 12 has no such package, Debian 13 has.
        for name in ["vector", "pgvector"] {
            let vector = ServiceReference(.postgres, extras: [name])
            let old = try ServiceRecipe.make(vector, release: "bookworm")
            #expect(old.packages == ["postgresql"] && old.wheels == .vector)
            let new = try ServiceRecipe.make(vector, release: "trixie")
            #expect(new.packages == ["postgresql", "postgresql-17-pgvector"] && new.wheels == nil)
        }
        for (bad, release) in [
            (ServiceReference(.postgres, extras: ["nothing"]), "bookworm"),
            (ServiceReference(.redis, extras: ["postgis"]), "bookworm"),
            (ServiceReference(.postgres, extras: ["cron"]), "unknown"),
        ] {
            #expect(throws: Fault.self) { try ServiceRecipe.make(bad, release: release) }
        }
        #expect(try ServiceRecipe.make(ServiceReference(.postgres), release: "unknown").packages == ["postgresql"])
    }

    @Test(
        "versions of packages in people's words",
        arguments: [
            ("15+248+deb12u1", "15"), ("5:7.0.15-1~deb12u10", "7.0.15"), ("1:10.11.19-0+deb12u1", "10.11.19"),
            ("1.6.18-1+deb12u1", "1.6.18"), ("", ""),
        ]
    )
    func versions(version: String, plain: String) {
        #expect(ServiceImage.plain(version) == plain)
    }

    @Test("the version of an image is that which its maker has put there")
    func imageVersion() {
        let image = Image(digest: "sha256:0", layers: [], config: .init(env: ["A=b", "ROOST_SERVICE_VERSION=15"]))
        #expect(ServiceImage.version(of: image) == "15")
        #expect(ServiceImage.version(of: Image(digest: "sha256:0", layers: [], config: .init())) == nil)
    }
}
