import Model
import Store
import Toolkit

/// Which image of this host a name stands for.
struct MachineImages: Sendable {
    let store: any StateStore
    let settings: Machines.Settings

    /// The image as a Machine's record names it, `roost/<app>@sha256:…`; one that is not here is pulled.
    ///
    /// Names of this host's own images: `roost/<app>@sha256:…`, `roost/<app>:v3` (a release), `sha256:…`.
    ///
    /// - Throws: ``Fault`` `imageNotFound` or `invalidRequest`, and what pulling throws.
    func resolve(_ text: String, for app: String) async throws -> String {
        if text.hasPrefix("sha256:") { return try await held(text, app, named: text) }
        guard let name = MachineImageName(text) else {
            throw Fault(.invalidRequest, "config.image: \(ConfigNode.quoted(text)) is not the name of an image")
        }
        if let digest = name.digest {
            if name.registry == MachineImageName.local { return try await held(digest, app, named: text) }
            if settings.holds(digest), try await mayUse(digest, app) {
                return Image.reference(app: app, digest: digest)
            }
        } else if name.registry == MachineImageName.local {
            return try await release(name, app, text)
        }
        return Image.reference(app: app, digest: try await settings.pull(app, name.pullable))
    }

    // MARK: - Private

    private func held(_ digest: String, _ app: String, named text: String) async throws -> String {
        guard settings.holds(digest), try await mayUse(digest, app) else { throw missing(text) }
        return Image.reference(app: app, digest: digest)
    }

    private func release(_ name: MachineImageName, _ app: String, _ text: String) async throws -> String {
        let owner = name.repository
        guard sees(owner), let tag = name.tag else { throw missing(text) }
        let all = try await store.releases.list("\(owner)/") { _, _ in }
        let current = try await store.apps.get(owner)?.value.currentRelease
        let wanted = tag == "latest" ? current : tag.hasPrefix("v") ? Int(tag.dropFirst()) : nil
        guard let release = all.first(where: { $0.version == wanted }), settings.holds(release.image) else {
            throw missing(text)
        }
        return Image.reference(app: app, digest: release.image)
    }

    private func missing(_ text: String) -> Fault {
        Fault(
            .imageNotFound,
            "config.image: \(text) is not an image of this host",
            hint: "deploy it first, or name one of a registry: docker.io/library/nginx:latest"
        )
    }

    /// Whoever may see all apps may use all images; a token for one app only what is that app's own.
    private func mayUse(_ digest: String, _ app: String) async throws -> Bool {
        guard let scope = Caller.current?.scope, scope != .organization else { return true }
        let releases = try await store.releases.list("\(app)/") { _, _ in }
        if releases.contains(where: { $0.image == digest }) { return true }
        let machines = try await store.machines.list("\(app)/") { _, _ in }
        return machines.contains { $0.spec.config.image.hasSuffix("@\(digest)") }
    }

    private func sees(_ app: String) -> Bool {
        Caller.current?.scope?.sees(app: app) ?? true
    }
}
