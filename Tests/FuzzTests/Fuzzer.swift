import Foundation
import Glibc

/// Gives a target inputs for a while: its corpus first, then changes of it, guided by the shapes of what comes out.
///
/// The input at hand lies in a file that outlives a crash of this process: the next run begins with it.
struct Fuzzer {
    let target: FuzzTarget
    /// Where inputs are kept; a new fault is added.
    let corpus: URL
    let seed: UInt64
    /// Processor time that an input of at most ``Mutator/maximum`` bytes may take: reading is linear, and then takes far less.
    static let patience = 0.5

    struct Outcome {
        var tried = 0
        var shapes = 0
        /// What is wrong with which input.
        var fault: (input: [UInt8], why: String)?
    }

    /// - Returns: the first fault, or none after that time.
    func run(for duration: Duration) throws -> Outcome {
        var pool = try seeds()
        var mutator = Mutator(seed: seed, words: target.words)
        var random = SplitMix64(state: ~seed)
        var known: Set<String> = []
        var outcome = Outcome()
        let trace = try InputTrace(target.name)
        let first = [trace.survivor].compactMap { $0 } + pool
        let end = ContinuousClock.now + duration
        while outcome.tried < first.count || ContinuousClock.now < end {
            let input = outcome.tried < first.count ? first[outcome.tried] : mutator.next(pool)
            outcome.tried += 1
            trace.write(input)
            let begun = Self.processorTime()
            do {
                if known.insert(try target.read(input, &random)).inserted, pool.count < 5000 { pool.append(input) }
            } catch {
                outcome.fault = (input, "\(error)")
                break
            }
            let took = Self.processorTime() - begun
            if took > Self.patience {
                outcome.fault = (input, "\(input.count) bytes took \(took) s")
                break
            }
        }
        trace.end()
        outcome.shapes = known.count
        return outcome
    }

    /// Keeps an input for all runs to come, under the name of its content.
    func keep(_ input: [UInt8]) throws -> String {
        let sum = input.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let place = corpus.appendingPathComponent("found-\(String(sum, radix: 16))")
        try Data(input).write(to: place)
        return place.path
    }

    // MARK: - Private

    private func seeds() throws -> [[UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: corpus.path).sorted()
        return try names.map { Array(try Data(contentsOf: corpus.appendingPathComponent($0))) }
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// The input that is being read, in a mapped file.
private final class InputTrace {
    /// What a run before this one did not survive.
    let survivor: [UInt8]?
    private let place: UnsafeMutableRawPointer
    private static let size = 64 << 10

    init(_ name: String) throws {
        let path = NSTemporaryDirectory() + "roost-fuzz-\(name)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.size)) == 0,
            let place = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), place != MAP_FAILED
        else { throw FuzzTarget.Broken("can't map \(path): \(String(cString: strerror(errno)))") }
        close(descriptor)
        self.place = place
        let count = Int(place.load(as: UInt32.self))
        survivor =
            (1...(Self.size - 4)).contains(count) ? Array(UnsafeRawBufferPointer(start: place + 4, count: count)) : nil
    }

    deinit { munmap(place, Self.size) }

    func write(_ bytes: [UInt8]) {
        let count = min(bytes.count, Self.size - 4)
        bytes.withUnsafeBytes { buffer in
            if let start = buffer.baseAddress { place.advanced(by: 4).copyMemory(from: start, byteCount: count) }
        }
        place.storeBytes(of: UInt32(count), as: UInt32.self)
    }

    func end() { place.storeBytes(of: 0, as: UInt32.self) }
}
