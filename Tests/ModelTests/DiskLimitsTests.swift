import Model
import Testing

@Suite("How short a disk is of room")
struct DiskLimitsTests {
    private static let gib: Int64 = 1 << 30

    private static func room(_ gibibytes: Int64, free: Double) -> DiskRoom {
        DiskRoom(bytes: gibibytes * gib, free: Int64(free * Double(gib)))
    }

    @Test("on a disk of an ordinary size the shares count")
    func shares() {
        let limits = DiskLimits()
        #expect(limits.level(of: Self.room(40, free: 9)) == .easy)
        #expect(limits.level(of: Self.room(40, free: 7.9)) == .tight)
        #expect(limits.level(of: Self.room(40, free: 3.9)) == .short)
        #expect(limits.level(of: Self.room(40, free: 1.9)) == .full)
        #expect(limits.level(of: Self.room(40, free: 0)) == .full)
    }

    @Test("on a large disk a twentieth is still room")
    func large() {
        let limits = DiskLimits()
        #expect(limits.level(of: Self.room(4000, free: 150)) == .easy)
        #expect(limits.level(of: Self.room(4000, free: 39)) == .tight)
        #expect(limits.level(of: Self.room(4000, free: 9)) == .short)
        #expect(limits.level(of: Self.room(4000, free: 3)) == .full)
    }

    @Test("where no more files can be made there is no room, however many bytes are left")
    func files() {
        let limits = DiskLimits()
        let room = DiskRoom(bytes: 100 * Self.gib, free: 90 * Self.gib, files: 1000, freeFiles: 40)
        #expect(limits.level(of: room) == .full)
        var uncounted = room
        (uncounted.files, uncounted.freeFiles) = (0, 0)
        #expect(limits.level(of: uncounted) == .easy)
    }

    @Test("a level is left with some more room than it was reached with")
    func memory() {
        let limits = DiskLimits()
        // 94.5 % of 40 GiB.
        let edge = Self.room(40, free: 2.2)
        #expect(limits.level(of: edge) == .short)
        #expect(limits.level(of: edge, was: .full) == .full)
        #expect(limits.level(of: Self.room(40, free: 3), was: .full) == .short)
        #expect(limits.level(of: Self.room(40, free: 30), was: .full) == .easy)
        // One that gets worse is never held back.
        #expect(limits.level(of: Self.room(40, free: 1), was: .tight) == .full)
    }

    @Test("the owner of the host says from when on")
    func chosen() {
        let limits = DiskLimits(pruneAt: 50, refuseAt: 99)
        #expect(limits.level(of: Self.room(40, free: 19)) == .tight)
        #expect(limits.level(of: Self.room(40, free: 2.1)) == .short)
        #expect(limits.level(of: Self.room(40, free: 0.3)) == .full)
    }

    @Test("with less room a disk is never better off, and what it was before only makes it worse")
    func monotone() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let limits = DiskLimits(
                pruneAt: .random(in: 1...90, using: &random),
                refuseAt: .random(in: 91...100, using: &random)
            )
            let bytes = Int64.random(in: 1...(5000 * Self.gib), using: &random)
            let free = Int64.random(in: 0...bytes, using: &random)
            let less = Int64.random(in: 0...free, using: &random)
            let (more, fewer) = (DiskRoom(bytes: bytes, free: free), DiskRoom(bytes: bytes, free: less))
            #expect(limits.level(of: fewer) >= limits.level(of: more))
            for before in DiskLevel.allCases {
                #expect(limits.level(of: more, was: before) >= limits.level(of: more))
                #expect(limits.level(of: more, was: before) <= max(before, limits.level(of: more)))
            }
        }
    }
}
