import Model
import Testing

@Suite("Backups")
struct BackupTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    private static func manifest() -> BackupManifest {
        var manifest = BackupManifest(id: "01", at: now, version: "0.1.0", host: .init(id: "host_a", name: "a"))
        manifest.files = [
            .init(path: "store.db", bytes: 100, sha256: "aa"), .init(path: "images/index.json", bytes: 7, sha256: "bb"),
        ]
        let volume = Volume(
            id: "vol_a",
            name: "data",
            app: "notes",
            region: "fra",
            host: "host_a",
            sizeGB: 1,
            createdAt: now
        )
        manifest.volumes = [.init(volume, .init(.disk, dataBytes: 2 << 20, files: 3))]
        return manifest
    }

    private static let whole: [String: Int64] = [
        "manifest.json": 9, "store.db": 100, "images/index.json": 7, "volumes/vol_a/content.json": 50,
        "volumes/vol_a/pieces/ab/ab1": 1 << 20, "volumes/vol_a/pieces/ab/ab2": 1 << 20,
    ]

    @Test("what was stored is held against what there was")
    func objections() {
        let manifest = Self.manifest()
        #expect(manifest.objections(to: Self.whole).isEmpty)
        #expect(manifest.totalBytes == 107 + (2 << 20))
        // A file more is no harm: a folder's copy may hold what its app wrote meanwhile.
        #expect(manifest.objections(to: Self.whole.merging(["volumes/vol_a/x": 1]) { $1 }).isEmpty)
    }

    @Test(
        "each way in which something can be missing is told",
        arguments: [
            ("manifest.json", nil, "manifest.json is not in it"), ("store.db", nil, "store.db is not in it"),
            ("store.db", 99, "store.db has 99 bytes in it, and had 100"),
            ("images/index.json", nil, "images/index.json is not in it"),
            ("volumes/vol_a/pieces/ab/ab2", nil, "volume vol_a has 2 of its 3 files in it"),
        ] as [(String, Int64?, String)]
    )
    func missing(path: String, bytes: Int64?, words: String) {
        var stored = Self.whole
        stored[path] = bytes
        #expect(Self.manifest().objections(to: stored) == [words])
    }

    @Test("a volume of which nothing was stored is told, and one whose name begins alike is another")
    func none() {
        let stored = Self.whole.filter { !$0.key.hasPrefix("volumes/") }
        #expect(Self.manifest().objections(to: stored) == ["volume vol_a has 0 of its 3 files in it"])
        let other = Dictionary(
            uniqueKeysWithValues: Self.whole.map { ($0.key.replacing("vol_a/", with: "vol_ab/"), $0.value) }
        )
        #expect(Self.manifest().objections(to: other) == ["volume vol_a has 0 of its 3 files in it"])
    }

    @Test(
        "an address is a folder or a bucket",
        arguments: [
            ("/mnt/backup", "/mnt/backup"), ("/mnt/backup//", "/mnt/backup"),
            ("s3:https://s3.example.com/bucket/roost", "s3:https://s3.example.com/bucket/roost"),
            ("s3:s3.amazonaws.com/bucket", "s3:s3.amazonaws.com/bucket"),
        ]
    )
    func addresses(text: String, address: String) throws {
        let repository = try BackupRepository(text)
        #expect(repository.address == address)
        #expect(repository.isRemote == text.hasPrefix("s3:"))
    }

    @Test(
        "what is neither is refused, and never with the keys in the message",
        arguments: [
            ("backup", "no place for backups"), ("", "no place for backups"), ("/", "no place for backups"),
            ("/mnt/../etc", "leads upwards"), ("/mnt/my disk", "a blank"), ("/mnt/a\nb", "a control character"),
            ("s3:https://s3.example.com", "names no bucket"), ("s3:", "names no bucket"),
            ("s3:https://key:hush@s3.example.com/bucket", "keys do not belong there"),
            ("sftp:user@host:/folder", "no place for backups"),
        ]
    )
    func refused(text: String, words: String) {
        let fault = #expect(throws: Fault.self) { try BackupRepository(text) }
        #expect(fault?.message.contains(words) == true && fault?.message.contains("hush") == false, "\(fault as Any)")
    }

    @Test("a repository within what it is to outlive is seen")
    func below() throws {
        #expect(try BackupRepository("/var/lib/roost/backup").isBelow("/var/lib/roost"))
        #expect(try BackupRepository("/var/lib/roost/").isBelow("/var/lib/roost"))
        #expect(try !BackupRepository("/var/lib/roost-backup").isBelow("/var/lib/roost"))
        #expect(try !BackupRepository("s3:https://a/b").isBelow("/"))
    }

    @Test(
        "the next one is due a day after the last good one, and an hour after a failure",
        arguments: [
            (nil, nil, true, "the first"), (23, nil, false, "made 23 hours ago"), (24, nil, true, "made a day ago"),
            (nil, 0, false, "failed just now"), (nil, 1, true, "failed an hour ago"),
            (30, 0, false, "old, failed just now"), (30, 2, true, "old, failed two hours ago"),
            (2, 3, false, "failed, and good since"), (-5, nil, true, "the clock was set back: made in the future"),
        ] as [(Int?, Int?, Bool, String)]
    )
    func due(good: Int?, failed: Int?, isDue: Bool, why: String) {
        func ago(_ hours: Int) -> Timestamp { Self.now.advanced(by: .seconds(-hours * 3600)) }
        var status = BackupStatus()
        status.lastGood = good.map { .init(at: ago($0), snapshot: "a") }
        status.lastFailure = failed.map { .init(at: ago($0), fault: Fault(.io, "x")) }
        #expect(BackupPolicy().isDue(status, now: Self.now) == isDue, "\(why)")
        var never = BackupPolicy()
        never.every = .zero
        #expect(!never.isDue(status, now: Self.now))
    }

    @Test("a failure is a trouble until a good one follows")
    func trouble() {
        var status = BackupStatus()
        #expect(status.trouble == nil)
        status.lastFailure = .init(at: Self.now, fault: Fault(.io, "x"))
        #expect(status.trouble != nil)
        status.lastGood = .init(at: Self.now.advanced(by: .seconds(1)), snapshot: "a")
        #expect(status.trouble == nil)
    }

    @Test("what stays is said to restic, and what is not kept is not said")
    func policy() {
        var policy = BackupPolicy()
        let all = "--keep-hourly 24 --keep-daily 14 --keep-weekly 8 --keep-monthly 12"
        #expect(policy.arguments.joined(separator: " ") == all)
        (policy.hourly, policy.weekly) = (0, 0)
        #expect(policy.arguments.joined(separator: " ") == "--keep-daily 14 --keep-monthly 12")
    }

    @Test("the recovery sheet says all that an empty host needs")
    func sheet() throws {
        let sheet = RecoverySheet(
            host: "one",
            at: Timestamp(milliseconds: 1_764_000_000_000),
            repository: try BackupRepository("/mnt/backup"),
            password: "PASS1",
            recoveryKey: "KEY01"
        )
        #expect(
            sheet.text == """
                RECOVERY SHEET of one, 2025-11-24
                Keep it on paper or in a password manager, not on this host. It is shown once.

                  repository    /mnt/backup
                  password      PASS1
                  recovery key  KEY01

                On an empty host with Roost's package and restic installed, roostd stopped, as root:

                  roost backup restore /mnt/backup

                It asks for the password and the recovery key.

                """
        )
        var bucket = sheet
        bucket.repository = try BackupRepository("s3:https://a/b")
        #expect(bucket.text.contains("AWS_SECRET_ACCESS_KEY of the bucket"))
    }

    @Test(
        "a bundle of keys with a path that leads elsewhere is not taken",
        arguments: [
            "../etc/shadow", "keys/../../x", "/keys/a", "keys//a", "keys/", "store.db", "volumes/a", "keys",
            "keys/./a",
        ]
    )
    func strays(path: String) {
        let good = KeyBundle.File(path: "keys/digest.key", mode: 0o600, content: "")
        #expect(KeyBundle(files: [good]).strays.isEmpty)
        #expect(KeyBundle(files: [good, .init(path: path, mode: 0o600, content: "")]).strays == [path])
    }
}
