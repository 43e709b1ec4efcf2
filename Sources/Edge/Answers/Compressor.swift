import CBrotli
import CZlib
package import NIOCore

/// Makes one body smaller, piece by piece; what it holds is freed with it.
package final class Compressor {
    package let coding: ContentCoding

    /// Nil when there is no memory for it.
    package init?(_ coding: ContentCoding) {
        self.coding = coding
        switch coding {
        case .gzip:
            // 15 bits of window, and 16 for gzip's own frame around it.
            let size = Int32(MemoryLayout<z_stream>.size)
            guard deflateInit2_(&zlib, Self.level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
            else { return nil }
        case .brotli:
            guard let state = BrotliEncoderCreateInstance(nil, nil, nil) else { return nil }
            brotli = state
            BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, UInt32(Self.level))
            BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, 19)
        }
    }

    deinit {
        if coding == .gzip { deflateEnd(&zlib) }
        if let brotli { BrotliEncoderDestroyInstance(brotli) }
    }

    /// Takes a piece in; what comes out may be nothing yet.
    package func take(_ piece: ByteBuffer) -> ByteBuffer { run(piece, last: false) }

    /// What is left.
    package func finish() -> ByteBuffer { run(ByteBuffer(), last: true) }

    // MARK: - Private

    /// Where each more costs more time than it saves bytes.
    private static let level: Int32 = 5
    private static let room = 16 * 1024

    private var zlib = z_stream()
    private var brotli: OpaquePointer?

    private func run(_ piece: ByteBuffer, last: Bool) -> ByteBuffer {
        var output = ByteBuffer()
        piece.withUnsafeReadableBytes { input in
            switch coding {
            case .gzip: deflate(input, last, &output)
            case .brotli: encode(input, last, &output)
            }
        }
        return output
    }

    private func deflate(_ input: UnsafeRawBufferPointer, _ last: Bool, _ output: inout ByteBuffer) {
        // zlib only reads there.
        let start = input.bindMemory(to: UInt8.self).baseAddress
        zlib.next_in = UnsafeMutablePointer(mutating: start)
        zlib.avail_in = UInt32(input.count)
        var isFull = true
        while isFull {
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.room) { room in
                zlib.next_out = room.bindMemory(to: UInt8.self).baseAddress
                zlib.avail_out = UInt32(room.count)
                _ = CZlib.deflate(&zlib, last ? Z_FINISH : Z_NO_FLUSH)
                isFull = zlib.avail_out == 0
                return room.count - Int(zlib.avail_out)
            }
        }
    }

    private func encode(_ input: UnsafeRawBufferPointer, _ last: Bool, _ output: inout ByteBuffer) {
        guard let brotli else { return }
        var next = input.bindMemory(to: UInt8.self).baseAddress
        var left = input.count
        let operation = last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS
        repeat {
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.room) { room in
                var place = room.bindMemory(to: UInt8.self).baseAddress
                var free = room.count
                BrotliEncoderCompressStream(brotli, operation, &left, &next, &free, &place, nil)
                return room.count - free
            }
        } while left > 0 || BrotliEncoderHasMoreOutput(brotli) != 0
    }
}
