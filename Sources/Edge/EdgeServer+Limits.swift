package import Model

extension EdgeServer {
    /// How much of everything the edge takes; the defaults are meant for one small host on the open Internet.
    package struct Limits: Sendable, Equatable {
        /// Client connections, shared out evenly among the event loops.
        package var connections = 10_000
        /// Requests that wait for one app: for a wake, a place, a roll-out.
        package var heldPerApp = 1000
        /// How long one of them waits before its 503.
        package var held = Duration.seconds(60)
        /// One try to connect to a Machine.
        package var connect = Duration.seconds(1)
        /// Tries to connect for one request.
        package var connectAttempts = 90
        /// Time from the first failed try to the last.
        package var connectBudget = Duration.seconds(30)
        /// How long an unused connection to a Machine is kept: less than the 5 s after which uvicorn and Node close it.
        package var upstreamIdle = Duration.seconds(4)
        /// Unused connections kept to one Machine, by each event loop.
        package var idlePerMachine = 128
        /// Bytes of a request body kept for a second try.
        package var replayBytes = 1024 * 1024
        /// Bytes of a request body that are read while there is no Machine to send them to.
        package var heldBytes = 64 * 1024
        /// Bytes of request bodies kept for a second try, of all requests together; beyond it long ones are let go.
        package var keptBytes = 64 * 1024 * 1024
        package var headBytes = 64 * 1024
        package var headFields = 100
        package var targetBytes = 16 * 1024
        /// From the first byte of a request, or from the connection's start, to the end of the head.
        package var headTime = Duration.seconds(10)
        /// Between two requests of a client.
        package var clientIdle = Duration.seconds(75)
        /// How long an app may be silent before the first byte of its answer, and within one whose length it told.
        ///
        /// An app's own `idle_timeout` goes before. nginx's `proxy_read_timeout` is as long.
        package var answer = Duration.seconds(60)
        /// Between two pieces of a request's body; nginx's `client_body_timeout` is as long.
        package var bodyIdle = Duration.seconds(60)
        /// How long a client may keep a Machine waiting before its place there is others' until it goes on.
        package var yield = Duration.seconds(5)
        /// How long a client may leave us with bytes that it does not take.
        package var stall = Duration.seconds(120)
        /// How long one direction of a tunnel may stay open after the other has ended.
        package var halfOpen = Duration.seconds(30)
        /// How long a connection that we end may go on sending what we throw away, so that it still gets our answer.
        package var linger = Duration.seconds(2)
        /// How long an unused connection may still bring a request at shut-down, when the next edge takes all new ones.
        package var farewell = Duration.seconds(1)
        /// How long requests in flight may take at shut-down.
        package var drain = Duration.seconds(10)

        package init() {}

        /// Takes connections down to what so many descriptors allow: two for each, as a request has one to its Machine
        /// too, and some for listeners, the link and what else a process has open.
        package mutating func fit(descriptors: Int) {
            connections = min(connections, max(1, (descriptors - min(512, descriptors / 4)) / 2))
        }

        /// Throws a ``Fault`` that names the first setting without sense.
        package func validate() throws(Fault) {
            let numbers = [
                ("connections", connections), ("heldPerApp", heldPerApp), ("connectAttempts", connectAttempts),
                ("headBytes", headBytes), ("headFields", headFields), ("targetBytes", targetBytes),
            ]
            for (name, value) in numbers where value < 1 {
                throw Fault(.invalidConfig, "edge limit \(name) is \(value)", hint: "it has to be 1 or more")
            }
            for (name, value) in [
                ("replayBytes", replayBytes), ("heldBytes", heldBytes), ("keptBytes", keptBytes),
                ("idlePerMachine", idlePerMachine),
            ] where value < 0 {
                throw Fault(.invalidConfig, "edge limit \(name) is \(value)", hint: "it has to be 0 or more")
            }
            let times = [
                ("held", held), ("connect", connect), ("upstreamIdle", upstreamIdle), ("headTime", headTime),
                ("clientIdle", clientIdle), ("stall", stall), ("answer", answer), ("bodyIdle", bodyIdle),
                ("yield", yield), ("halfOpen", halfOpen), ("linger", linger),
                ("farewell", farewell),
            ]
            for (name, value) in times where value <= .zero || value > .seconds(86_400) {
                throw Fault(.invalidConfig, "edge limit \(name) is \(value)", hint: "more than 0, at most a day")
            }
        }
    }
}
