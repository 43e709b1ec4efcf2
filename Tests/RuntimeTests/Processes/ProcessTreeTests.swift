import Glibc
import Testing

@testable import Runtime

@Suite("Stop signals")
struct ProcessTreeTests {
    private func entry(_ pid: Int32, _ parent: Int32, _ program: String, catching: [Int32] = []) -> ProcessTree.Entry {
        ProcessTree.Entry(
            process: process(pid),
            parent: parent,
            program: program,
            caught: catching.reduce(0) { $0 | 1 << UInt64($1 - 1) }
        )
    }

    private func process(_ pid: Int32) -> SandboxProcess { SandboxProcess(pid: pid, startTicks: UInt64(pid)) }

    private func targets(
        _ entries: [ProcessTree.Entry],
        _ signal: Int32 = SIGTERM,
        told: Set<Int32> = []
    ) -> [Int32] {
        ProcessTree(entries, root: 1).targets(of: signal, told: Set(told.map(process))).map(\.pid).sorted()
    }

    @Test("the app itself is asked, behind our first process or without one")
    func direct() {
        #expect(targets([entry(1, 0, "python3.11")]) == [1])
        #expect(targets([entry(1, 0, "init"), entry(6, 1, "python3.11"), entry(7, 6, "python3.11")]) == [6])
    }

    @Test("a shell that only waits is passed over, one in another too", arguments: [SIGTERM, SIGINT, SIGQUIT])
    func shells(signal: Int32) {
        // dash catches SIGINT by itself while it waits for a command.
        let caught = signal == SIGINT ? [SIGINT] : []
        let tree = [
            entry(1, 0, "init"), entry(6, 1, "dash", catching: caught), entry(7, 6, "bash", catching: caught),
            entry(8, 7, "python3.11", catching: [SIGTERM, SIGINT]), entry(9, 8, "python3.11"),
        ]
        #expect(targets(tree, signal) == [8])
        #expect(targets(tree, signal, told: [8]) == [])
    }

    @Test("a shell with a trap is asked itself, and what it does not pass on a moment later")
    func trap() {
        let tree = [entry(1, 0, "init"), entry(6, 1, "dash", catching: [SIGINT, SIGTERM]), entry(7, 6, "sleep")]
        for signal in [SIGTERM, SIGINT] {
            #expect(targets(tree, signal) == [6])
            #expect(targets(tree, signal, told: [6]) == [7])
            #expect(targets(tree, signal, told: [6, 7]) == [])
        }
    }

    @Test("a shell that goes on to its next command has that one asked too, and itself when it starts none")
    func next() {
        #expect(targets([entry(1, 0, "init"), entry(6, 1, "sh"), entry(9, 6, "sleep")], told: [7]) == [9])
        #expect(targets([entry(1, 0, "init"), entry(6, 1, "sh")], told: [7]) == [6])
    }

    @Test("all that a shell has started are asked, but nothing that an init has only inherited")
    func several() {
        let both = [entry(1, 0, "init"), entry(6, 1, "sh"), entry(7, 6, "python3"), entry(8, 6, "node")]
        #expect(targets(both) == [7, 8])
        #expect(targets([entry(1, 0, "init"), entry(6, 1, "python3"), entry(9, 1, "orphan")]) == [6])
        #expect(targets([entry(1, 0, "init"), entry(6, 1, "tini"), entry(7, 6, "sh"), entry(8, 7, "node")]) == [8])
    }

    @Test("a tree that bites its own tail, or has no root, ends the search")
    func damaged() {
        #expect(targets([entry(1, 2, "sh"), entry(2, 1, "sh")]) == [])
        #expect(targets([]) == [])
    }

    @Test("parent and caught signals are read from the kernel's words")
    func status() {
        let text = "Name:\tsh -c\nPPid:\t41\nSigIgn:\t0000000000000000\nSigCgt:\t0000000180014002\n"
        let fields = ProcessTree.Entry.fields(text)
        #expect(fields.parent == 41)
        #expect(fields.caught & (1 << UInt64(SIGTERM - 1)) != 0 && fields.caught & 2 != 0)
        #expect(ProcessTree.Entry.read(getpid())?.parent == getppid())
    }
}
