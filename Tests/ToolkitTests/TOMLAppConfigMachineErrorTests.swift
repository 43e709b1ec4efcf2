import Model
import Testing
import Toolkit

@Suite("Errors in mounts, sizes and restarts of fly.toml")
struct TOMLAppConfigMachineErrorTests {
    @Test("names place, path, what was found and what is allowed", arguments: rows)
    func golden(row: GoldenRow) {
        #expect(row.found == row.expected)
    }

    private typealias Row = GoldenRow

    private static let rows: [GoldenRow] = [
        Row(
            "a mount without source and destination",
            """
            [mounts]
            initial_size = 1
            """,
            """
            fly.toml:1:1: mounts.source: missing, expected a volume name: 1 to 63 letters, digits, "_" and "-"
            fly.toml:1:1: mounts.destination: missing, expected an absolute path such as "/data": not "/", without \
            "..", outside /dev, /proc and /sys
            """
        ),
        Row(
            "a mount over the root",
            """
            [mounts]
            source = "data"
            destination = "/"
            """,
            """
            fly.toml:3:15: mounts.destination: found string "/", expected an absolute path such as "/data": not \
            "/", without "..", outside /dev, /proc and /sys
            """
        ),
        Row(
            "a mount with a way up",
            """
            [mounts]
            source = "data"
            destination = "/data/../etc"
            """,
            """
            fly.toml:3:15: mounts.destination: found string "/data/../etc", expected an absolute path such as \
            "/data": not "/", without "..", outside /dev, /proc and /sys
            """
        ),
        Row(
            "a mount over /proc",
            """
            [mounts]
            source = "data"
            destination = "//proc/1"
            """,
            """
            fly.toml:3:15: mounts.destination: found string "//proc/1", expected an absolute path such as "/data": \
            not "/", without "..", outside /dev, /proc and /sys
            """
        ),
        Row(
            "a relative mount",
            """
            [mounts]
            source = "data"
            destination = "data"
            """,
            """
            fly.toml:3:15: mounts.destination: found string "data", expected an absolute path such as "/data": not \
            "/", without "..", outside /dev, /proc and /sys
            """
        ),
        Row(
            "a volume name with a slash",
            """
            [mounts]
            source = "a/b"
            destination = "/data"
            """,
            """
            fly.toml:2:10: mounts.source: found string "a/b", expected a volume name: 1 to 63 letters, digits, "_" \
            and "-"
            """
        ),
        Row(
            "a size that is cut to nothing",
            """
            [mounts]
            source = "data"
            destination = "/data"
            initial_size = "500MB"
            """,
            """
            fly.toml:4:16: mounts.initial_size: found string "500MB", expected a size such as "10gb" or a number of \
            GB, from 1 to 1048576 GB
            """
        ),
        Row(
            "a size with a wrong suffix",
            """
            [mounts]
            source = "data"
            destination = "/data"
            initial_size = "5 gigs"
            """,
            """
            fly.toml:4:16: mounts.initial_size: found string "5 gigs", expected a size such as "10gb" or a number \
            of GB, from 1 to 1048576 GB
            """
        ),
        Row(
            "snapshots kept too long",
            """
            [mounts]
            source = "data"
            destination = "/data"
            snapshot_retention = 61
            """,
            "fly.toml:4:22: mounts.snapshot_retention: found integer 61, expected an integer from 1 to 60"
        ),
        Row(
            "growth steps are strings",
            """
            [mounts]
            source = "data"
            destination = "/data"
            auto_extend_size_threshold = 80
            auto_extend_size_increment = 1
            """,
            """
            fly.toml:5:30: mounts.auto_extend_size_increment: found integer 1, expected a size such as "10gb" as a \
            string, from 1 to 100 GB
            """
        ),
        Row(
            "a threshold out of range",
            """
            [mounts]
            source = "data"
            destination = "/data"
            auto_extend_size_threshold = 40
            auto_extend_size_increment = "1GB"
            """,
            """
            fly.toml:4:1: mounts.auto_extend_size_threshold: found integer 40, expected an integer from 50 to 99
            """
        ),
        Row(
            "a threshold without a step",
            """
            [mounts]
            source = "data"
            destination = "/data"
            auto_extend_size_threshold = 80
            """,
            """
            fly.toml:1:1: mounts.auto_extend_size_increment: missing, expected a size such as "10gb" as a string, \
            from 1 to 100 GB
            """
        ),
        Row(
            "a step without a threshold",
            """
            [mounts]
            source = "data"
            destination = "/data"
            auto_extend_size_increment = "5GB"
            """,
            "fly.toml:1:1: mounts.auto_extend_size_threshold: missing, expected an integer from 50 to 99"
        ),
        Row(
            "a limit out of range",
            """
            [mounts]
            source = "data"
            destination = "/data"
            auto_extend_size_threshold = 80
            auto_extend_size_increment = "5GB"
            auto_extend_size_limit = "501GB"
            """,
            """
            fly.toml:6:26: mounts.auto_extend_size_limit: found string "501GB", expected a size such as "10gb" as a \
            string, from 1 to 500 GB
            """
        ),
        Row(
            "an unknown size, nearest first",
            """
            [[vm]]
            size = "shared-cpu-3x"
            """,
            """
            fly.toml:2:8: vm[0].size: found string "shared-cpu-3x", expected one of shared-cpu-1x, shared-cpu-2x, \
            shared-cpu-4x, shared-cpu-6x, shared-cpu-8x, performance-1x, performance-2x, performance-4x, \
            performance-6x, performance-8x, performance-10x, performance-12x, performance-14x or performance-16x
            """
        ),
        Row(
            "a size with a GPU",
            """
            [[vm]]
            size = "a10"
            """,
            """
            fly.toml:2:8: vm[0].size: found string "a10", expected one of shared-cpu-1x, shared-cpu-2x, \
            shared-cpu-4x, shared-cpu-6x, shared-cpu-8x, performance-1x, performance-10x, performance-2x, \
            performance-4x, performance-6x, performance-8x, performance-12x, performance-14x or performance-16x \
            (sizes with a GPU are not offered any more)
            """
        ),
        Row(
            "memory of nothing",
            """
            [[vm]]
            memory = "0"
            """,
            """
            fly.toml:2:10: vm[0].memory: found string "0", expected memory such as "512mb" or "1gb", or a number of \
            MiB, at least 1 MiB
            """
        ),
        Row(
            "a fraction without a suffix is bytes",
            """
            [[vm]]
            memory = "512.5"
            """,
            """
            fly.toml:2:10: vm[0].memory: found string "512.5", expected memory such as "512mb" or "1gb", or a \
            number of MiB, at least 1 MiB
            """
        ),
        Row(
            "memory with a wrong suffix",
            """
            [[vm]]
            memory = "1gbb"
            """,
            """
            fly.toml:2:10: vm[0].memory: found string "1gbb", expected memory such as "512mb" or "1gb", or a number \
            of MiB, at least 1 MiB
            """
        ),
        Row(
            "memory that is no multiple of 256",
            """
            [[vm]]
            memory = "300mb"
            """,
            """
            fly.toml:2:1: vm[0]: found 300 MiB of memory for 1 shared CPU, expected 256 to 2048 MiB in steps of 256
            """
        ),
        Row(
            "too little memory for the CPUs",
            """
            [[vm]]
            size = "shared-cpu-2x"
            memory = "256mb"
            """,
            """
            fly.toml:3:1: vm[0]: found 256 MiB of memory for 2 shared CPUs, expected 512 to 4096 MiB in steps of 256
            """
        ),
        Row(
            "too much memory for the CPUs",
            """
            [[vm]]
            memory_mb = 4096
            """,
            """
            fly.toml:2:1: vm[0]: found 4096 MiB of memory for 1 shared CPU, expected 256 to 2048 MiB in steps of 256
            """
        ),
        Row(
            "changing the kind alone keeps the memory",
            """
            [[vm]]
            cpu_kind = "performance"
            """,
            """
            fly.toml:2:1: vm[0]: found 256 MiB of memory for 1 performance CPU, expected 2048 to 8192 MiB in steps \
            of 1024
            """
        ),
        Row(
            "a number of CPUs that does not exist",
            """
            [[vm]]
            size = "shared-cpu-1x"
            cpus = 3
            """,
            "fly.toml:3:1: vm[0]: found 3 shared CPUs, expected one of 1, 2, 4, 6 or 8"
        ),
        Row(
            "an unknown kind of CPU",
            """
            [[vm]]
            cpu_kind = "sharde"
            """,
            #"fly.toml:2:12: vm[0].cpu_kind: found string "sharde", expected one of "shared" or "performance""#
        ),
        Row(
            "an unknown way to keep the file system",
            """
            [[vm]]
            persist_rootfs = "sometimes"
            """,
            """
            fly.toml:2:18: vm[0].persist_rootfs: found string "sometimes", expected one of "none", "never", \
            "restart" or "always"
            """
        ),
        Row(
            "restart is an array",
            """
            [restart]
            policy = "always"
            """,
            "fly.toml:1:1: restart: found a table, expected an array of tables, [[restart]]"
        ),
        Row(
            "restart without a policy",
            """
            [[restart]]
            retries = 3
            """,
            #"fly.toml:1:1: restart[0].policy: missing, expected one of "on-failure", "always" or "never""#
        ),
        Row(
            "on-fail is no policy",
            """
            [[restart]]
            policy = "on-fail"
            """,
            """
            fly.toml:2:10: restart[0].policy: found string "on-fail", expected one of "on-failure", "always" or \
            "never"
            """
        ),
        Row(
            "restart for an undefined group",
            """
            [[restart]]
            policy = "never"
            processes = ["web"]
            """,
            #"fly.toml:3:14: restart[0].processes[0]: found string "web", expected a process group: "app""#
        ),
        Row(
            "a policy of no letters is as good as none",
            """
            [[restart]]
            policy = ""
            """,
            #"fly.toml:1:1: restart[0].policy: missing, expected one of "on-failure", "always" or "never""#
        ),
    ]
}
