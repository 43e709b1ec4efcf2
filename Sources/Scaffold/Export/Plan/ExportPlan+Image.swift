import Model

extension ExportPlan {
    /// The image to run; nil when the user has to say.
    var image: String? { options.image ?? config?.build.image }

    /// The image comes out of a Dockerfile of this project.
    var isBuilt: Bool {
        guard let build = config?.build else { return true }
        return build.image == nil && build.builder == nil && build.buildpacks.isEmpty
    }

    /// Python images run as user 10001 on a read-only root; those of other languages have a user of their own.
    var isStrict: Bool { facts.recipe == nil }

    /// Of `/tmp`, where uploads wait until they are whole.
    var temporaryMiB: Int { facts.traits.uploads ? 256 : 64 }

    /// How the image is built: from the folder that the files are written to.
    struct Build: Equatable, Sendable {
        var dockerfile = "Dockerfile"
        var target: String?
        var arguments: [(name: String, value: String)] = []

        static func == (left: Build, right: Build) -> Bool {
            left.dockerfile == right.dockerfile && left.target == right.target
                && left.arguments.elementsEqual(right.arguments) { $0 == $1 }
        }
    }

    /// Files are written to the folder that an image is built from, so that is the context.
    var build: Build {
        var build = Build()
        if let config, config.build.dockerfile != nil || config.build.target != nil {
            build.dockerfile = config.build.dockerfile ?? "Dockerfile"
            build.target = config.build.target
        } else if let dockerfile = facts.existing.dockerfile {
            build.dockerfile = LaunchFolder.relative(dockerfile, to: LaunchFolder.of(facts))
            build.target = facts.existing.dockerTarget
        } else if facts.recipe == nil {
            // The last of the stages that `roost launch` writes.
            build.target = "runtime"
        }
        build.arguments = (config?.build.args ?? [:]).sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        return build
    }

    /// The command that builds it, for notes.
    var buildCommand: String {
        let build = build
        var words = ["docker", "build"]
        if build.dockerfile != "Dockerfile" { words += ["-f", build.dockerfile] }
        if let target = build.target { words += ["--target", target] }
        for argument in build.arguments { words += ["--build-arg", "\(argument.name)=\(argument.value)"] }
        if let image { words += ["-t", image] }
        return Quoting.shell(words + ["."])
    }
}
