import Model
import Testing

@testable import Runtime

@Suite("What a Machine reads of its size")
struct SizeTextTests {
    private static let host = SizeText.HostMemory(total: 8 << 30, available: 6 << 30)

    private static func numbers(_ text: String) -> [String: Int] {
        Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count == 3, words[2] == "kB", let number = Int(words[1]) else { return nil }
                return (String(words[0].dropLast()), number)
            }
        )
    }

    @Test("memory is what it was given, and what is left of it")
    func memory() {
        var use = MachineUsage.Memory()
        use.limit = 512 << 20
        use.used = 200 << 20
        use.cached = 60 << 20
        use.shared = 10 << 20
        use.inactiveFiles = 40 << 20
        use.swapLimit = 64 << 20
        use.swapUsed = 4 << 20
        let text = SizeText.memory(use, Self.host)
        let numbers = Self.numbers(text)
        #expect(numbers.count == text.split(separator: "\n").count)
        #expect(numbers["MemTotal"] == 512 << 10)
        #expect(numbers["MemFree"] == 312 << 10)
        // Cached files can be dropped, memory that is shared can't.
        #expect(numbers["MemAvailable"] == 362 << 10)
        #expect(numbers["SwapTotal"] == 64 << 10)
        #expect(numbers["SwapFree"] == 60 << 10)
        #expect(text.hasPrefix("MemTotal:           524288 kB\nMemFree:  "))
    }

    @Test("nobody is told of more memory than the host has, or has left")
    func hostBound() {
        var use = MachineUsage.Memory()
        use.limit = 64 << 30
        var numbers = Self.numbers(SizeText.memory(use, Self.host))
        #expect(numbers["MemTotal"] == 8 << 20 && numbers["MemAvailable"] == 6 << 20)
        use.limit = 1 << 30
        numbers = Self.numbers(SizeText.memory(use, .init(total: 8 << 30, available: 100 << 20)))
        #expect(numbers["MemFree"] == 100 << 10 && numbers["MemAvailable"] == 100 << 10)
    }

    @Test("each is as long at all times, so that it can be written over")
    func lengths() {
        var full = MachineUsage.Memory()
        full.limit = 4 << 40
        full.used = 3 << 40
        full.swapLimit = 1 << 40
        let large = SizeText.HostMemory(total: 8 << 40, available: 8 << 40)
        #expect(SizeText.memory(full, large).utf8.count == SizeText.memory(.init(), Self.host).utf8.count)
        var used = MachineUsage.Processor()
        used.user = 123_456_789_012
        let texts = [
            SizeText.processor(cpus: 2, .init(), uptime: 1, boot: 1_700_000_000),
            SizeText.processor(cpus: 2, used, uptime: 99_999_999_999, boot: 1_700_000_000),
        ]
        #expect(texts[0].utf8.count == texts[1].utf8.count)
    }

    @Test("times of the CPUs add up to the time that went by")
    func processor() {
        var use = MachineUsage.Processor()
        use.user = 60
        use.system = 20
        let text = SizeText.processor(cpus: 2, use, uptime: 100, boot: 1_700_000_000)
        let rows = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows[0] == ["cpu", "60", "0", "20", "120", "0", "0", "0", "0", "0", "0"])
        #expect(rows[1].prefix(5) == ["cpu0", "30", "0", "10", "60"])
        #expect(rows.count { $0[0].hasPrefix("cpu") } == 3)
        #expect(text.contains("\nbtime 1700000000\n"))
    }

    @Test("the list of CPUs has as many as it was given, counted from 0")
    func processors() {
        let block = { (number: Int) in
            "processor\t: \(number)\nmodel name\t: A CPU @ 2.5 GHz: fast\nsiblings\t: 4\ncore id\t\t: \(number / 2)\n"
                + "cpu cores\t: 2\nflags\t\t: fpu\npower management:\n"
        }
        let host = (0..<4).map(block).joined(separator: "\n") + "\n"
        let text = SizeText.processors(host, cpus: 2)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("processor") }
        #expect(rows == ["processor\t: 0", "processor\t: 1"])
        #expect(text.contains("model name\t: A CPU @ 2.5 GHz: fast\nsiblings\t: 2\ncore id\t\t: 0\ncpu cores\t: 2\n"))
        #expect(text.contains("power management:\n\nprocessor\t: 1"))
        // What arm64 says at the end is of the board.
        let board = "processor\t: 0\nBogoMIPS\t: 50\n\n"
        #expect(SizeText.processors(board + "Hardware\t: x\n", cpus: 1) == board)
        #expect(SizeText.processors("vendor_id: IBM\n", cpus: 1).isEmpty)
        #expect(SizeText.online(cpus: 1) == "0\n" && SizeText.online(cpus: 4) == "0-3\n")
    }
}
