import Model
import Toolkit

/// A health check of a platform with its times, in seconds.
struct CheckTiming: Sendable {
    var place: Place
    var path: String?
    var interval: Double?
    var timeout: Double?

    /// `90s`, `1m30s`, `500ms`, as Go, Compose and Docker write them; nil for anything else.
    static func seconds(_ text: String) -> Double? {
        let units: [String: Double] = ["ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3_600]
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Double(digits), let factor = units[String(unit)] else { return nil }
            total += number * factor
            rest = rest.dropFirst(digits.count + unit.count)
        }
        return total
    }
}

extension AuditContext {
    /// Checks of all platforms in use.
    var checkTimings: [CheckTiming] {
        var found: [CheckTiming] = []
        if concerns([.fly, .roost]) { found += flyChecks }
        if concerns([.compose]) {
            for stack in stacks where stack.nature != .development {
                for service in stack.services where service.isApp {
                    guard let node = service.node["healthcheck"], let test = node["test"] else { continue }
                    let path = CheckCommand(test)?.addresses.first?.path
                    found.append(timing(stack.place(test.position.line), path, node["interval"], node["timeout"]))
                }
            }
        }
        if concerns([.k8s]) {
            for object in cluster where object.isWorkload {
                for container in object.containers {
                    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
                        guard let probe = container[name], probe["httpGet"] != nil else { continue }
                        let path = probe.at("httpGet", "path")?.string
                        var timing = CheckTiming(place: object.place(ofKey: name, in: container), path: path)
                        timing.interval = probe["periodSeconds"]?.integer.map(Double.init) ?? 10
                        timing.timeout = probe["timeoutSeconds"]?.integer.map(Double.init) ?? 1
                        found.append(timing)
                    }
                }
            }
        }
        if let image, let item = image.facts.healthcheck, concerns([.roost, .compose]) {
            func flag(_ name: String) -> Double? {
                item.flags.first { $0.name == name }.flatMap { CheckTiming.seconds($0.value) }
            }
            let place = Place(image.path, item.line)
            found.append(
                CheckTiming(
                    place: place,
                    path: image.check?.addresses.first?.path,
                    interval: flag("interval"),
                    timeout: flag("timeout")
                )
            )
        }
        return found
    }

    // MARK: - Private

    private var flyChecks: [CheckTiming] {
        flyFiles.flatMap { path, root -> [CheckTiming] in
            let services = [root["http_service"]].compactMap { $0 } + (root["services"]?.items ?? [])
            var nodes = services.flatMap { ($0["checks"]?.items ?? []) + ($0["http_checks"]?.items ?? []) }
            nodes += (root["checks"]?.entries ?? []).map(\.node).filter { $0["type"]?.string != "tcp" }
            return nodes.map { node in
                timing(
                    Place(path, node["path"]?.position.line ?? node.position.line),
                    node["path"]?.string,
                    node["interval"],
                    node["timeout"]
                )
            }
        }
    }

    private func timing(_ place: Place, _ path: String?, _ interval: ConfigNode?, _ timeout: ConfigNode?) -> CheckTiming
    {
        CheckTiming(
            place: place,
            path: path,
            interval: interval?.string.flatMap(CheckTiming.seconds),
            timeout: timeout?.string.flatMap(CheckTiming.seconds)
        )
    }
}
