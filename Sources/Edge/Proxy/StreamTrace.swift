package import NIOCore

/// How a request goes on at the edge.
struct RequestCourse {
    /// When its head had come.
    var began: NIODeadline
    /// Where it may be ended, if it is a stream.
    var trace = StreamTrace.none
    /// The stream ends as soon as it may.
    var isEnding = false
}

/// Follows the bytes of a stream to know where it may be ended without cutting anything in two.
package enum StreamTrace: Sendable {
    /// Nobody asks.
    case none
    case frames(FrameTrace)
    case events(EventTrace)

    /// Takes in bytes on their way to the client.
    ///
    /// - Parameters:
    ///   - bytes: when the stream ends, what comes after the place where it may is taken away.
    ///   - ending: the stream is to end as soon as it may.
    /// - Returns: whether it may end now, after those bytes.
    package mutating func pass(_ bytes: inout ByteBuffer, ending: Bool) -> Bool {
        switch self {
        case .none: return false
        case .frames(var trace):
            defer { self = .frames(trace) }
            return trace.pass(&bytes, ending: ending)
        case .events(var trace):
            defer { self = .events(trace) }
            return trace.pass(&bytes, ending: ending)
        }
    }

    /// Nothing is half on its way.
    package var isAtBoundary: Bool {
        switch self {
        case .none: false
        case .frames(let trace): trace.isAtBoundary
        case .events(let trace): trace.isAtBoundary
        }
    }
}

/// Counts through WebSocket frames in one direction.
///
/// > Source: RFC 6455, section 5.2.
package struct FrameTrace: Sendable {
    /// Bytes of the present frame's head, until it is whole.
    private var head: [UInt8] = []
    /// Bytes of the present frame's payload that are still to come.
    private var left: UInt64 = 0

    package init() {}

    package var isAtBoundary: Bool { head.isEmpty && left == 0 }

    package mutating func pass(_ bytes: inout ByteBuffer, ending: Bool) -> Bool {
        if ending, isAtBoundary {
            bytes.clear()
            return true
        }
        let view = bytes.readableBytesView
        var place = view.startIndex
        while place < view.endIndex {
            if left > 0 {
                let step = Int(min(left, UInt64(view.endIndex - place)))
                left -= UInt64(step)
                place += step
            } else {
                head.append(view[place])
                place += 1
                if let payload = Self.payload(head) {
                    head = []
                    left = payload
                }
            }
            if ending, isAtBoundary {
                bytes = bytes.getSlice(at: view.startIndex, length: place - view.startIndex) ?? bytes
                return true
            }
        }
        return false
    }

    /// The length of the payload that follows; nil while the head is not whole.
    private static func payload(_ head: [UInt8]) -> UInt64? {
        guard head.count >= 2 else { return nil }
        let mask = head[1] & 0x80 == 0 ? 0 : 4
        let short = head[1] & 0x7f
        let wide = short == 127 ? 8 : short == 126 ? 2 : 0
        guard head.count == 2 + wide + mask else { return nil }
        guard wide > 0 else { return UInt64(short) }
        return head[2..<2 + wide].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A close frame that says "going away".
    ///
    /// - Parameter masked: as a client has to send it.
    /// - Returns: its bytes.
    package static func goingAway(masked: Bool) -> ByteBuffer {
        // A mask of zeros is one: what it hides from proxies is a status code.
        ByteBuffer(bytes: masked ? [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9] : [0x88, 0x02, 0x03, 0xe9])
    }
}

/// Looks for the blank line at the end of an event.
package struct EventTrace: Sendable {
    /// Line ends since the last byte of text; at the beginning of the stream there is no event to cut.
    private var ends = 2
    private var lastWasReturn = false

    package init() {}

    package var isAtBoundary: Bool { ends >= 2 }

    package mutating func pass(_ bytes: inout ByteBuffer, ending: Bool) -> Bool {
        if ending, isAtBoundary {
            bytes.clear()
            return true
        }
        let view = bytes.readableBytesView
        // Only the end counts while nothing is to end.
        let start = ending ? view.startIndex : max(view.startIndex, view.endIndex - 8)
        if start > view.startIndex { (ends, lastWasReturn) = (0, false) }
        for place in start..<view.endIndex {
            take(view[place])
            if ending, isAtBoundary {
                bytes = bytes.getSlice(at: view.startIndex, length: place + 1 - view.startIndex) ?? bytes
                return true
            }
        }
        return false
    }

    private mutating func take(_ byte: UInt8) {
        switch byte {
        case 10:
            // The second half of a line end.
            if !lastWasReturn { ends += 1 }
            lastWasReturn = false
        case 13:
            ends += 1
            lastWasReturn = true
        default:
            ends = 0
            lastWasReturn = false
        }
    }
}
