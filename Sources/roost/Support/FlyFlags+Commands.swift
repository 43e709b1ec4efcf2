extension FlyFlags {
    private static let builds = Flag(
        "--build-arg",
        "--build-secret",
        "--build-target",
        "--dockerfile",
        value: true,
        why: "it takes an image that is there; roost deploy builds one"
    )
    private static let builders = Flag(
        "--build-depot",
        "--build-local-only",
        "--build-nixpacks",
        "--build-only",
        "--build-remote-only",
        "--no-build-cache",
        "--recreate-builder",
        "--local-only",
        "--remote-only",
        why: "it takes an image that is there; roost deploy builds one"
    )
    private static let hardware = Flag(
        "--vm-gpus",
        "--vm-gpu-kind",
        "--host-dedication-id",
        value: true,
        why: "hosts here are your own, and have no GPU"
    )
    private static let sizes = Flag(
        "--vm-size",
        "--vm-cpus",
        "--vm-cpu-kind",
        "--vm-memory",
        value: true,
        why: "there is one host, whatever the Machine's size"
    )
    private static let zones = Flag(
        "--no-encryption",
        "--require-unique-zone",
        "--unique-zone-app-wide",
        "--machines-only",
        why: "volumes lie on the one host's own disk"
    )
    private static let dns = Flag("--dns-checks", why: "names here need no time to be known")

    /// All commands but deploy, by their words.
    static let others: [String: [Flag]] = [
        "launch": [
            Flag("--remote-only", "--local-only", "--depot", "--nixpacks", "--no-cache", why: "the daemon builds"),
            Flag("--ha", why: "it begins with one Machine a group; roost scale count 2 makes more"),
            Flag("--copy-config", "--generate-name", "--no-create", "--force-name", why: "it says what it will do"),
            Flag("--flycast", "--no-public-ips", why: "a deploy takes it, roost deploy --flycast"),
            Flag(
                "--no-db",
                "--no-redis",
                "--no-object-storage",
                "--no-github-workflow",
                why: "launch adds none of those"
            ),
        ],
        "apps create": [
            Flag("--machines", why: "all apps have Machines")
        ],
        "machine": [
            Flag("--skip-health-checks", "--lsvd", "--use-zstd", why: "it waits for no checks, and builds nothing"),
            Flag(
                "--rootfs-size",
                "--rootfs-persist",
                "--rootfs-fs-size",
                value: true,
                why: "roots are new at each start"
            ),
            Flag("--kernel-arg", value: true, why: "Machines have the host's kernel"),
            hardware, builds, builders,
        ],
        "machine clone": [
            Flag("--volume-requires-unique-zone", why: "volumes lie on the one host's own disk"),
            Flag("--clear-auto-destroy", why: "a Machine that destroys itself is cloned as it is"),
        ],
        "machine destroy": [Flag("--select", "-s", why: "name the Machine's ID")],
        "machine exec": [Flag("--container", value: true, why: "a Machine has one container")],
        "volumes": [zones, sizes, hardware],
        "secrets": [dns],
        "config": [Flag("--machine", value: true, why: "the configuration is the app's")],
        "tokens": [Flag("--scope", "-s", value: true, why: "the list says what each is good for")],
        "scale": [hardware],
        "scale vm": [
            Flag("--vm-size", value: true, why: "the size is the command's argument")
        ],
        "scale memory": [sizes],
        "scale count": [
            Flag("--with-new-volumes", why: "a new Machine takes a free volume of its name, else a new one"),
            Flag(
                "--from-snapshot",
                value: true,
                why: "roost volumes create --snapshot-id makes the volume it will take"
            ),
            Flag("--env", "-e", value: true, why: "new Machines have the environment of the release"),
            sizes,
        ],
        "status": [
            Flag("--all", "--deployment", why: "it shows all Machines, and the last deploy")
        ],
        "logs": [
            Flag("--select", "-s", why: "name the Machine: -m ID")
        ],
        "ssh console": [
            Flag("--container", value: true, why: "a Machine has one container"),
            Flag("--region", "-r", value: true, why: "there is one region"),
            Flag("--address", "-A", value: true, why: "name the Machine: --machine ID"),
        ],
        "console": [
            Flag("--select", "-s", why: "it makes a Machine of its own; roost ssh console enters one"),
            Flag("--machine", value: true, why: "it makes a Machine of its own; roost ssh console enters one"),
            Flag(
                "--image",
                "-i",
                "--env",
                "-e",
                value: true,
                why: "the Machine has the image and environment of the release"
            ),
            Flag("--volume", value: true, why: "the Machine has no volume"),
            hardware, sizes, builds, builders,
        ],
        "proxy": [
            Flag("--select", "-s", "--watch-stdin", why: "name the Machine after the ports; it ends with its terminal")
        ],
        "ips": [Flag("--region", "-r", value: true, why: "there is one region")],
        "platform": [], "regions": [],
    ]
}
