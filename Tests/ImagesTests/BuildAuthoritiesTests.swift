import Model
import Testing

@testable import Images

@Suite("Certificate authorities of the host in builds by a Dockerfile")
struct BuildAuthoritiesTests {
    @Test("are there while a line of any stage runs, and only where the host names some")
    func given() throws {
        #expect(BuildAuthorities(environment: [:]).options.isEmpty)
        #expect(BuildAuthorities(environment: ["SSL_CERT_FILE": "/nowhere/at/all"]).variables.isEmpty)
        let folder = try TemporaryFolder()
        try folder.write("x", to: "ca.crt")
        let found = BuildAuthorities(environment: ["SSL_CERT_FILE": "\(folder.path)/ca.crt"])
        #expect(found.options.prefix(2) == ["--volume", "\(folder.path)/ca.crt:/run/roost-authorities.crt:ro"])
        #expect(found.options.contains("PIP_CERT=/run/roost-authorities.crt"))
        var rewrite = DockerfileRewrite(
            "FROM python:3.12 AS a\nRUN pip install x\nFROM \\\n  debian\nCOPY --from=a /x /x\n",
            path: "Dockerfile",
            manifest: SourceManifest(files: []),
            arguments: [:],
            bases: ["debian": "local/debian"],
            variables: ["PIP_CERT", "SSL_CERT_FILE"]
        )
        let arguments = "\nARG PIP_CERT\nARG SSL_CERT_FILE\n"
        #expect(
            try rewrite.text() == "FROM python:3.12 AS a\(arguments)RUN pip install x\nFROM local/debian\(arguments)"
                + "COPY --from=a /x /x\n"
        )
    }
}
