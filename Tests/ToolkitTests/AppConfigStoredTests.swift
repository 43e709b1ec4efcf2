import Foundation
import Model
import Testing
import Toolkit

@Suite("Configurations that were stored before there was more to keep")
struct AppConfigStoredTests {
    @Test("are read, and mean what they meant")
    func old() throws {
        let config = try JSONDecoder().decode(AppConfig.self, from: Data(Self.stored.utf8))
        #expect(config.statics.isEmpty)
        #expect(config.services.map(\.transport) == [nil])
        #expect(config.mounts(for: "web")?.initialSizeGB == 20)
        #expect(config.httpService?.settings.autostop == .suspend)
        try config.check()
        // It has been written by the file of this suite's neighbour, but for how ports are kept now.
        var new = try TestConfig.read(TOMLAppConfigTests.everything).config
        for index in new.services.indices { new.services[index].ports = nil }
        #expect(config == new)
    }

    @Test("are written as a file that means the same")
    func written() throws {
        let config = try JSONDecoder().decode(AppConfig.self, from: Data(Self.stored.utf8))
        let tree = config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false))
        let again = try AppConfig.read(tree, file: "fly.toml", regions: ["den9"]).config
        for group in config.groups {
            let machine = config.machineConfig(group: group, image: "i", region: "local")
            #expect(again.machineConfig(group: group, image: "i", region: "local") == machine)
        }
    }

    @Test("leave a file alone that says what was stored, whose comments stay when it does not")
    func updated() throws {
        var config = try JSONDecoder().decode(AppConfig.self, from: Data(Self.stored.utf8))
        let style = ConfigStyle(omitsDefaults: true, hasWireForm: false)
        let text = "# ours\n" + (try ConfigFormat.toml.text(of: config.tree(style)))
        #expect(ConfigUpdate.text(text, file: "f", to: config) == text)
        config.env["MORE"] = "1"
        let after = ConfigUpdate.text(text, file: "f", to: config)
        #expect(after?.hasPrefix("# ours\n") == true && after?.contains("MORE = \"1\"") == true)
    }

    @Test("keep force_https on the port of plain HTTP")
    func forceHTTPS() throws {
        var config = AppConfig()
        var service = AppConfig.Service()
        service.settings.forceHTTPS = true
        config.services = [service]
        let tree = config.tree(ConfigStyle(omitsDefaults: true, hasWireForm: false))
        #expect(tree.value(at: ["services", 0, "ports", 0, "force_https"])?.value == .boolean(true))
        #expect(tree.value(at: ["services", 0, "ports", 1, "force_https"]) == nil)
        #expect(try AppConfig.read(tree, file: "f", regions: []).config.services.first?.settings == service.settings)
    }

    // MARK: - Private

    /// As version 0.1.0 stored it.
    private static let stored = #"""
        {"app":"notes","build":{"args":{"VERSION":"1"},"buildpacks":[],"dockerfile":"deploy/Dockerfile",
        "ignorefile":"deploy/.dockerignore","target":"run"},"checks":{"live":{"processes":["web"],"settings":{
        "grace_period":"1s","headers":{},"interval":"2s","method":"HEAD","path":"/live?full=1","timeout":"1m0s",
        "type":"http"}}},"deploy":{"maxUnavailable":1,"releaseCommand":["python","manage.py","migrate it","&&",
        "$HOME"],"releaseCommandTimeout":"0s","releaseCommandVM":{"cpu_kind":"shared","cpus":2,"memory_mb":1024},
        "strategy":"rolling","waitTimeout":"2m0s"},"env":{"LOG_LEVEL":"debug","PORT":"8000",
        "PRIMARY_REGION":"overwritten"},"httpService":{"hostnames":["notes.example.com","www.example.com"],
        "processes":["web"],"settings":{"autostart":true,"autostop":"suspend","checks":[{"grace_period":"0s",
        "headers":{"X-Forwarded-Proto":"https"},"interval":"10s","method":"GET","path":"/health","timeout":"5s",
        "type":"http"}],"concurrency":{"hard_limit":10,"soft_limit":10,"type":"requests"},"force_https":true,
        "internal_port":8000,"min_machines_running":1,"ports":[{"handlers":["http"],"port":80},{"handlers":[
        "http","tls"],"port":443}]}},"killSignal":"SIGTERM","killTimeout":"1m30s","mounts":[{
        "destination":"/data","initialSizeGB":20,"processes":["web"],"source":"data"}],"overrides":{},
        "primaryRegion":"den9","processes":{"jobs":["python","jobs.py"],"web":["uvicorn","main:app","--port",
        "8000"]},"restarts":[{"processes":["web"],"settings":{"max_retries":10,"policy":"always"}},{"processes":[
        "jobs","web"],"settings":{"max_retries":3,"policy":"no"}}],"services":[{"hostnames":[],"processes":[
        "web","jobs"],"settings":{"autostart":true,"autostop":"off","checks":[],"concurrency":{"soft_limit":20,
        "type":"connections"},"force_https":false,"internal_port":5432,"min_machines_running":0,"ports":[{
        "handlers":[],"port":5432}]}}],"vms":[{"guest":{"cpu_kind":"shared","cpus":2,"memory_mb":512},
        "processes":["web"]},{"guest":{"cpu_kind":"shared","cpus":1,"memory_mb":768},"processes":["web"]},{
        "guest":{"cpu_kind":"shared","cpus":1,"memory_mb":256},"processes":[]}]}
        """#
}
