import Foundation
import Model
import Testing
import Toolkit

@testable import Images

extension RealBuilds {
    @Suite("by a hostile Dockerfile", .enabled(if: Requirements.buildah && Requirements.met(["busybox"])))
    struct HostileDockerfileTests {
        private func project(_ text: String) throws -> TemporaryFolder {
            let project = try TemporaryFolder()
            try project.write(text, to: "Dockerfile")
            try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(project.path)/busybox")
            return project
        }

        @Test("mounts that lead out of the build find nothing of the host")
        func mounts() async throws {
            let bench = try BuildBench()
            let marker = try TemporaryFolder()
            try marker.write("host", to: "secret")
            let up = String(repeating: "../", count: 12)
            let sh = #"["/bin/busybox", "sh", "-c", "#
            let attempts = [
                // CVE-2024-1753: the source of a bind mount is a link in another stage.
                "RUN --mount=type=bind,from=links,source=/host,target=/mnt,rw \(sh)\"cat /mnt\(marker.path)/secret && echo x >/mnt\(marker.path)/from-bind\"]",
                // The same, by a variable that the rewriting does not know.
                "ARG UP=\(up)\nRUN --mount=type=cache,id=${UP}\(marker.path.dropFirst()),target=/mnt \(sh)\"cat /mnt/secret; echo x >/mnt/from-cache; true\"]",
                // CVE-2024-9675: the id of a cache mount leads out of the cache.
                "RUN --mount=type=cache,id=\(up)\(marker.path.dropFirst()),target=/mnt \(sh)\"cat /mnt/secret; echo x >/mnt/from-id; true\"]",
                // CVE-2024-9407: propagation of a bind mount.
                "RUN --mount=type=bind,from=links,source=/host,target=/mnt,bind-propagation=rshared \(sh)\"cat /mnt\(marker.path)/secret\"]",
                // The target of a cache mount is a link.
                "RUN --mount=type=cache,target=/host \(sh)\"cat /host\(marker.path)/secret; echo x >/host/from-target; true\"]",
            ]
            for attempt in attempts {
                let project = try project(
                    """
                    FROM scratch AS links
                    COPY busybox /bin/busybox
                    RUN ["/bin/busybox", "ln", "-s", "/", "/host"]
                    FROM links
                    \(attempt)
                    CMD ["/bin/busybox"]
                    """
                )
                _ = try? await bench.build(project.path)
                #expect(!bench.lines.text.split(separator: "\n").contains("dockerfile: host"), "\(attempt)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: marker.path) == ["secret"], "\(attempt)")
            }
            print(bench.lines.text)
        }

        @Test("images of other apps are not there, by name or by ID")
        func otherApps() async throws {
            let bench = try BuildBench()
            let victim = try project("FROM scratch\nCOPY busybox /bin/busybox\nCOPY Dockerfile /source\n")
            let image = try await bench.build(victim.path, app: "victim").image
            let storage = "\(bench.images)/cache/apps/victim/buildah-storage/overlay-images/images.json"
            let list = try String(contentsOfFile: storage, encoding: .utf8)
            let id = try #require(list.split(separator: "\"id\":\"").last?.prefix(64))
            for name in [
                String(id), String(id.prefix(12)), String(id.prefix(3)), image.digest, "localhost/roost/victim:latest",
            ] {
                let thief = try project("FROM scratch\nCOPY --from=\(name) / /stolen/\nCMD [\"x\"]\n")
                await #expect(throws: Fault.self, "\(name)") { try await bench.build(thief.path, app: "thief") }
            }
            // Its own are there for the next build of the same app.
            let again = try await bench.build(victim.path, app: "victim")
            #expect(again.image.layers == image.layers && bench.lines.text.contains("Using cache"))
            try await bench.builder.forget(app: "victim")
            #expect(!FileManager.default.fileExists(atPath: storage))
        }

        @Test("a layer that would fill the disk is stopped at the limit, holes or not", .timeLimit(.minutes(2)))
        func large() async throws {
            var limits = BuildLimits()
            limits.layer = 200 << 20
            let bench = try BuildBench(limits: limits)
            let sh = #"["/bin/busybox", "sh", "-c", "#
            for command in [
                "/bin/busybox truncate -s 300G /hole", "/bin/busybox dd if=/dev/zero of=/zeros bs=1M count=4000",
            ] {
                let project = try project(
                    "FROM scratch\nCOPY busybox /bin/busybox\nRUN \(sh)\"\(command); /bin/busybox sleep 100\"]\n"
                )
                let fault = await #expect(throws: Fault.self) { try await bench.build(project.path) }
                #expect(fault?.code == .tooLarge)
            }
            #expect(DiskUse.of(bench.images).bytes < 200 << 20)
        }

        @Test("a build that takes too long is ended", .timeLimit(.minutes(2)))
        func slow() async throws {
            var limits = BuildLimits()
            limits.time = .seconds(5)
            let bench = try BuildBench(limits: limits)
            let marker = Int.random(in: 100_000...999_999)
            let project = try project(
                "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"sleep\", \"\(marker)\"]\n"
            )
            let fault = await #expect(throws: Fault.self) { try await bench.build(project.path) }
            #expect(fault?.code == .timedOut && fault?.hint?.contains("time_limit") == true)
            #expect(!Processes.running("/bin/busybox sleep \(marker)"))
        }

        @Test("secrets are there for the lines that ask, and nowhere else")
        func secrets() async throws {
            let bench = try BuildBench()
            let value = "hush-\(Int.random(in: 0...Int.max))"
            let project = try project(
                """
                FROM scratch
                COPY busybox /bin/busybox
                COPY busybox /bin/sh
                RUN --mount=type=secret,id=TOKEN /bin/busybox wc -c /run/secrets/TOKEN; /bin/busybox cat /run/secrets/TOKEN
                RUN --mount=type=secret,id=TOKEN,target=/t /bin/busybox sha256sum /t > /sum
                RUN --mount=type=secret,id=TOKEN,env=TOKEN echo "has ${#TOKEN} letters"
                RUN /bin/busybox ls /run/secrets /t || echo nothing left
                """
            )
            let result = try await bench.build(project.path, secrets: BuildSecrets(["TOKEN": value]))
            let text = bench.lines.text
            #expect(
                text.contains("\(value.utf8.count) /run/secrets/TOKEN") && text.contains("has \(value.count) letters")
            )
            #expect(!text.contains(value) && text.contains("•••"))
            let layers = try bench.store.layerPaths(of: result.image)
            let sums = layers.compactMap { FileManager.default.contents(atPath: "\($0)/sum") }
            #expect(String(decoding: try #require(sums.first), as: UTF8.self).hasPrefix(Digest.hex(Data(value.utf8))))
            // Neither the image, nor what the builder keeps, nor any scratch has it.
            let found = try await Command("grep", ["-rlF", value, bench.folder.path]).run()
            #expect(found.output.isEmpty)
            let failing = try self.project(
                "FROM scratch\nCOPY busybox /bin/sh\nRUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN; exit 3\n"
            )
            let fault = await #expect(throws: Fault.self) {
                try await bench.build(failing.path, secrets: BuildSecrets(["TOKEN": value]))
            }
            #expect(fault?.message.contains(value) == false)
            #expect(try await Command("grep", ["-rlF", value, bench.folder.path]).run().output.isEmpty)
        }
    }
}
