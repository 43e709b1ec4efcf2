import Testing

@testable import Model

@Suite("Static files")
struct StaticFilesTests {
    @Test("are a folder of the image below a prefix of paths, however they are written")
    func written() throws {
        let files = try #require(StaticFiles(guestPath: "/app//static/", urlPrefix: "static/"))
        #expect(files.guestPath == "/app/static" && files.urlPrefix == "/static")
        #expect(StaticFiles(guestPath: "/app", urlPrefix: "/")?.urlPrefix == "")
    }

    @Test(
        "no relative folder, not all of the image, nothing above",
        arguments: [
            ("static", "/static"), ("/", "/"), ("", "/a"), ("/app/../etc", "/a"), ("/./app", "/a"), ("/a\0", "/a"),
            ("/app", "/a/../b"), ("/app", "/a?b"), ("/app", "/a#b"),
        ]
    )
    func refused(_ guest: String, _ prefix: String) {
        #expect(StaticFiles(guestPath: guest, urlPrefix: prefix) == nil)
    }

    @Test("the API takes them and gives them back")
    func wire() throws {
        let text = #"{"image": "x", "statics": [{"guest_path": "/app/static/", "url_prefix": "/s"}]}"#
        let config = try MachineConfigWire.read(try JSONValue.parse(text.utf8, what: "config"))
        #expect(config.statics?.map(\.guestPath) == ["/app/static"])
        #expect(MachineConfigWire.write(config)["statics"]?.array?.count == 1)
        for wrong in [
            #"{"image": "x", "statics": [{"guest_path": "relative", "url_prefix": "/s"}]}"#,
            #"{"image": "x", "statics": [{"guest_path": "/app"}]}"#,
            #"{"image": "x", "statics": [{"url_prefix": "/s"}]}"#,
        ] {
            #expect(throws: Fault.self) {
                try MachineConfigWire.read(try JSONValue.parse(wrong.utf8, what: "config"))
            }
        }
    }
}
