import Model
import Testing
import Toolkit

@Suite("A file that is brought to say what runs")
struct ConfigUpdateTests {
    private static let file = """
        # Ours, by hand.
        app = "shop"        # the name

        # Where our customers are.
        primary_region = 'ams'
        kill_timeout = 60   # seconds

        [env]
          # As loud as needed.
          LEVEL = "info"
          WORKERS = 4

        # Old form, still fine.
        [mount]
          source = "data"   # made by hand
          destination = "/data"

        # One for the web.
        [[services]]
          internal_port = "8080"
          [[services.ports]]
            port = 80       # plain
            handlers = ["http"]

        """

    @Test("is left alone when it says so already, however it is written")
    func same() throws {
        #expect(try Self.update { _ in } == Self.file)
    }

    @Test("changes one value where it stands, and keeps every comment")
    func value() throws {
        let text = try Self.update { $0.env["LEVEL"] = "debug" }
        #expect(text == Self.file.replacing("\"info\"", with: "\"debug\""))
        let ours = "primary_region = 'den9' # ours\n"
        var config = AppConfig()
        config.primaryRegion = "den9"
        config.app = "shop"
        #expect(ConfigUpdate.text(ours, file: "f", to: config) == "primary_region = 'den9' # ours\napp = \"shop\"\n")
        let other = try Self.update { $0.killTimeout = "2m" }
        #expect(other == Self.file.replacing("kill_timeout = 60 ", with: "kill_timeout = \"2m0s\" "))
    }

    @Test("adds and removes values and sections, and keeps the comments of all others")
    func sections() throws {
        let text = try Self.update { config in
            config.env["MORE"] = "1"
            config.env["WORKERS"] = nil
            config.primaryRegion = nil
            config.processes = ["app": ["serve", "a b"]]
            config.services[0].processes = ["app"]
        }
        let others = ["Ours, by hand.", "the name", "As loud as needed.", "made by hand", "plain", "seconds"]
        for comment in others.map({ "# \($0)" }) {
            #expect(text?.contains(comment) == true, "\(comment) of \(text ?? "")")
        }
        #expect(text?.contains("primary_region") == false && text?.contains("WORKERS") == false)
    }

    @Test("writes a section anew whose old form has no place for the change")
    func oldForm() throws {
        let text = try Self.update { config in
            config.mounts[0].initialSizeGB = 5
            config.services[0].settings.internalPort = 9000
        }
        #expect(text?.contains("[mount]") == false && text?.contains("initial_size = \"5gb\"") == true)
        #expect(text?.contains("# As loud as needed.") == true && text?.contains("# plain") == true, "\(text ?? "")")
    }

    @Test("is not done at all to what is no configuration", arguments: ["app = ", "app = 7", "[vm]\nmemory = 1"])
    func refused(text: String) {
        #expect(ConfigUpdate.text(text, file: "fly.toml", to: AppConfig()) == nil)
    }

    /// The file after a change of what runs; what it says then is always the change.
    private static func update(_ change: (inout AppConfig) -> Void) throws -> String? {
        var config = try read(file)
        change(&config)
        let text = ConfigUpdate.text(file, file: "fly.toml", to: config)
        if let text { #expect(try read(text) == config) }
        return text
    }

    private static func read(_ text: String) throws -> AppConfig {
        try AppConfig.read(TOML.parse(text, file: "fly.toml"), file: "fly.toml", regions: []).config
    }
}
