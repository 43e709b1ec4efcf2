import Model

/// A workflow for GitHub that tests, builds once, scans, and deploys by digest over SSH, going back when that fails.
struct WorkflowExport {
    let plan: ExportPlan

    static func export(_ plan: ExportPlan) -> Generated {
        let export = WorkflowExport(plan: plan)
        // An expression in a value of the project would be evaluated.
        let writer = TreeWriter(escape: { Quoting.githubActions($0) })
        var result = Generated()
        result.files = [
            Artefact(".github/workflows/deploy.yml", writer.yaml([export.workflow], stamp: plan.options.stamp)),
            Artefact("scripts/deploy.sh", DeployScript.text(plan), isExecutable: true),
        ]
        result.needed = [
            "of the environment \"production\": the secret DEPLOY_SSH_KEY, the variables DEPLOY_HOST (user@host) and "
                + "DEPLOY_KNOWN_HOSTS",
            "on that host, in \(DeployScript.folder(plan)): the files of the compose target and .env.production",
        ]
        let folder = LaunchFolder.of(plan.facts)
        if !folder.isEmpty {
            let name = ConfigNode.printable(folder)
            result.notes.append(
                "GitHub reads workflows at the repository's root alone: move .github there from \(name)"
            )
        }
        if plan.isPython, !TestSteps(plan).hasTests {
            result.notes.append("pytest is not among the dependencies, so the workflow runs no tests")
        }
        result.notes += [
            "a deploy that fails goes back to the image before; migrations are not undone",
            "deploys go to a host with Docker over SSH; the script is all that has to change for another place",
        ]
        return result
    }

    // MARK: - Actions, by commit

    private static let checkout = action(
        "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "v7.0.1",
        ["persist-credentials": false]
    )
    private static let setupUV = action(
        "astral-sh/setup-uv@c771a70e6277c0a99b617c7a806ffedaca235ff9",
        "v9.0.0",
        ["enable-cache": false]
    )

    private static func action(_ name: String, _ version: String, _ inputs: Tree) -> Tree {
        .table([.init("uses", .template(name), remark: version), .init("with", inputs)])
    }

    /// Trivy 0.74.0.
    private static let scanner =
        "aquasec/trivy@sha256:62b1e65e8869bc4b4c6aa4fa2b21595256c7c2f6018a9d9ad61caf87187c1969"

    // MARK: - Private

    private var workflow: Tree {
        var jobs: [Tree.Entry] = []
        if !TestSteps(plan).steps.isEmpty { jobs.append(.init("test", test)) }
        jobs.append(.init("build", build(needs: jobs.first?.key)))
        jobs.append(.init("deploy", deploy))
        return .table([
            .init("name", "deploy"),
            .init("on", ["push": ["branches": ["main"]], "pull_request": [:]]),
            .init("permissions", [:], comment: "None, but what a job asks for."),
            .init(
                "concurrency",
                [
                    "group": .template("deploy-${{ github.ref }}"),
                    "cancel-in-progress": .template("${{ github.event_name == 'pull_request' }}"),
                ]
            ),
            .init("jobs", .table(jobs)),
        ])
    }

    private var test: Tree {
        let tests = TestSteps(plan)
        return [
            "name": "Test",
            "runs-on": "ubuntu-24.04",
            "timeout-minutes": 15,
            "permissions": ["contents": "read"],
            "services": tests.services.orNil,
            "env": tests.environment.orNil,
            "defaults": folder.map { ["run": ["working-directory": .string($0)]] },
            "steps": .list([Self.checkout] + (tests.usesUV ? [Self.setupUV] : []) + tests.steps),
        ]
    }

    /// The workflow lies at the repository's root, the project perhaps not.
    private var folder: String? {
        let folder = plan.layout.outer(plan.layout.project)
        return folder.isEmpty ? nil : folder
    }

    private func build(needs: String?) -> Tree {
        [
            "name": "Build and scan",
            "needs": needs.map(Tree.string),
            "runs-on": "ubuntu-24.04",
            "timeout-minutes": 30,
            "permissions": ["contents": "read", "packages": "write"],
            "outputs": ["image": .template("${{ steps.push.outputs.image }}")],
            "env": buildEnvironment,
            "steps": [
                Self.checkout,
                [
                    "name": "Builder",
                    "run": .template("docker buildx create --use"),
                ],
                [
                    "name": "Build",
                    "run": .template(
                        """
                        IMAGE="ghcr.io/${REPOSITORY,,}/$NAME"
                        echo "IMAGE=$IMAGE" >> "$GITHUB_ENV"
                        docker buildx build --load --tag "$IMAGE:$COMMIT" \(buildArguments)"$CONTEXT"
                        """
                    ),
                ],
                [
                    "name": "Scan",
                    "run": .template(
                        """
                        docker run --rm -v /var/run/docker.sock:/var/run/docker.sock \(Self.scanner) image \\
                          --exit-code 1 --ignore-unfixed --severity HIGH,CRITICAL "$IMAGE:$COMMIT"
                        """
                    ),
                ],
                [
                    "name": "Push",
                    "id": "push",
                    "if": .template("github.event_name == 'push'"),
                    "env": ["TOKEN": .template("${{ secrets.GITHUB_TOKEN }}")],
                    "run": .template(
                        """
                        printf %s "$TOKEN" | docker login ghcr.io --username "$GITHUB_ACTOR" --password-stdin
                        docker buildx build --push --provenance=mode=max --sbom=true --metadata-file built.json \\
                          --tag "$IMAGE:$COMMIT" \(buildArguments)"$CONTEXT"
                        echo "image=$IMAGE@$(jq -r '."containerimage.digest"' built.json)" >> "$GITHUB_OUTPUT"
                        """
                    ),
                ],
            ],
        ]
    }

    /// What the project names reaches the shell as variables, never as text of the script.
    private var buildEnvironment: Tree {
        let build = plan.build
        let context = LaunchFolder.of(plan.facts)
        var values: Tree = [
            "REPOSITORY": .template("${{ github.repository }}"),
            "COMMIT": .template("${{ github.sha }}"),
            "NAME": .string(plan.name),
            "CONTEXT": .string(context.isEmpty ? "." : "./\(context)"),
        ]
        let file = context.isEmpty ? build.dockerfile : "\(context)/\(build.dockerfile)"
        values = values.with("DOCKERFILE", .string(file))
        if let target = build.target { values = values.with("STAGE", .string(target)) }
        for (index, argument) in build.arguments.enumerated() {
            values = values.with("BUILD_ARG_\(index)", .string("\(argument.name)=\(argument.value)"))
        }
        return values
    }

    private var buildArguments: String {
        var words = "--file \"$DOCKERFILE\" "
        if plan.build.target != nil { words += "--target \"$STAGE\" " }
        for index in plan.build.arguments.indices { words += "--build-arg \"$BUILD_ARG_\(index)\" " }
        return words
    }

    private var deploy: Tree {
        [
            "name": "Deploy",
            "needs": "build",
            "if": .template("github.event_name == 'push'"),
            "runs-on": "ubuntu-24.04",
            "timeout-minutes": 20,
            "environment": "production",
            "permissions": ["contents": "read"],
            "steps": [
                Self.checkout,
                [
                    "name": "Deploy, wait for health, go back if need be",
                    "env": [
                        "DEPLOY_SSH_KEY": .template("${{ secrets.DEPLOY_SSH_KEY }}"),
                        "DEPLOY_HOST": .template("${{ vars.DEPLOY_HOST }}"),
                        "DEPLOY_KNOWN_HOSTS": .template("${{ vars.DEPLOY_KNOWN_HOSTS }}"),
                        "APP_IMAGE": .template("${{ needs.build.outputs.image }}"),
                    ],
                    "run": .template(
                        """
                        umask 077
                        printf '%s\\n' "$DEPLOY_SSH_KEY" > "$RUNNER_TEMP/key"
                        printf '%s\\n' "$DEPLOY_KNOWN_HOSTS" > "$RUNNER_TEMP/known_hosts"
                        ssh -i "$RUNNER_TEMP/key" -o "UserKnownHostsFile=$RUNNER_TEMP/known_hosts" \\
                          "$DEPLOY_HOST" "APP_IMAGE='$APP_IMAGE' sh -s" < \(script)
                        """
                    ),
                ],
            ],
        ]
    }

    private var script: String {
        let folder = LaunchFolder.of(plan.facts)
        let path = (folder.isEmpty ? "" : "\(folder)/") + "scripts/deploy.sh"
        return Quoting.isPlainPath(path) ? path : "./\"$(find . -path '*/scripts/deploy.sh' -print -quit)\""
    }
}
