import Hummingbird
import Model
import Store
import Toolkit

/// Private names for people: asked about, and connected to, from wherever they are.
struct NameRoutes {
    let apps: Apps
    let machines: Machines
    let consoles: Consoles

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/dns") { request, _ in
            let word = request.query("type")?.uppercased() ?? "AAAA"
            guard let type = DNSType.words[word] else {
                let known = DNSType.words.keys.sorted().joined(separator: ", ")
                throw Fault(.invalidRequest, "type=\(word): expected one of \(known)")
            }
            let name = try name(request)
            let answer = try await answer(name, type, request)
            let records = answer.records.compactMap(\.text).map { text in
                JSONValue.object([
                    "name": .string(request.query("name") ?? ""), "type": .string(word), "data": .string(text),
                ])
            }
            return JSONAnswer.make(.object(["code": .string(answer.code.word), "records": .array(records)]))
        }
        router.get("/v1/ping") { request, _ in
            let echoes = try await echoes(of: Array(try await found(request).prefix(Self.mostEchoes)))
            return JSONAnswer.make(.object(["echoes": .array(echoes)]))
        }
        router.post("/v1/connect") { request, _ in
            guard let port = request.query("port").flatMap(Int.init), (1...65_535).contains(port) else {
                throw Fault(.invalidRequest, "expected port=1…65535")
            }
            let machine = try await machine(request)
            return ConsoleRoutes.connected(request, try await consoles.connect(machine, port: port))
        }
    }

    // MARK: - Private

    private typealias Found = (address: Machine.Address, owner: (app: String, machine: Machine.ID))

    private static let mostEchoes = 64
    /// Each waits on a thread, and other calls want theirs.
    private static let echoesAtOnce = 8

    private func echoes(of found: [Found]) async throws -> [JSONValue] {
        try await withThrowingTaskGroup(of: (Int, JSONValue).self) { tasks in
            var done: [(Int, JSONValue)] = []
            for (place, (address, owner)) in found.enumerated() {
                if place >= Self.echoesAtOnce, let one = try await tasks.next() { done.append(one) }
                tasks.addTask {
                    let time = try Echo.time(to: address.ipv6, limit: .seconds(1))
                    let milliseconds = time.map { JSONValue.double(($0 / .microseconds(1)).rounded() / 1000) }
                    return (
                        place,
                        .object([
                            "address": .string(address.ipv6),
                            "name": .string("\(owner.machine).vm.\(owner.app).internal"),
                            "milliseconds": milliseconds ?? .null,
                        ])
                    )
                }
            }
            for try await one in tasks { done.append(one) }
            return done.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func name(_ request: Request) throws(Fault) -> DNSName {
        guard let text = request.query("name"), let name = DNSName(text) else {
            throw Fault(.invalidRequest, "expected name=…, such as name=my-app.internal")
        }
        return name
    }

    /// What the resolver tells a Machine of that network.
    private func answer(_ name: DNSName, _ type: UInt16, _ request: Request) async throws -> DNSAnswer {
        let index = await machines.edges.nameIndex
        let caller = NameIndex.Caller(network: try await network(request), region: machines.settings.region)
        let query = DNSQuery(id: 0, name: name, type: type)
        guard let answer = index.answer(query, for: caller, answersIPv4: true) else {
            throw Fault(
                .invalidRequest,
                "\(request.query("name") ?? "") is no private name",
                hint: "private names end in .internal or .flycast; ask your own resolver about all others"
            )
        }
        return answer
    }

    /// The network by its name, or that of an app; the one that all share if neither is said.
    private func network(_ request: Request) async throws -> UInt32 {
        if let app = request.query("app") { return try await apps.get(app).network.number }
        guard let name = request.query("network"), name != AppNetwork.default.name else {
            return AppNetwork.default.number
        }
        guard
            let network = try await machines.store.networks.list(unreadable: { _, _ in }).first(where: {
                $0.name == name
            })
        else {
            throw Fault(.notFound, "there is no network \(name)", hint: "roost apps list --json shows those there are")
        }
        return network.number
    }

    /// A Machine that the name leads to; any of several.
    private func machine(_ request: Request) async throws -> Machine {
        let owner = try await found(request).shuffled()[0].owner
        return try await machines.get(owner.app, owner.machine.text)
    }

    /// The Machines that the name leads to, one at least.
    private func found(_ request: Request) async throws -> [Found] {
        let index = await machines.edges.nameIndex
        let caller = NameIndex.Caller(network: try await network(request), region: machines.settings.region)
        let text = request.query("name") ?? ""
        guard case .known(let addresses, _, _) = index.find(try name(request).labels, for: caller) else {
            throw Fault(.notFound, "there is no name \(text)", hint: "roost dig TXT _apps.internal shows the apps")
        }
        let found = addresses.compactMap { address in index.owner(of: address).map { (address, $0) } }
        guard !found.isEmpty else {
            if text.hasSuffix(".flycast") {
                throw Fault(
                    .invalidRequest,
                    "\(text) is for Machines: the edge answers there, and no Machine",
                    hint: "\(text.dropLast("flycast".count))internal leads to the Machines themselves"
                )
            }
            throw Fault(
                .invalidState,
                "no Machine runs behind \(text)",
                hint: "roost machine start starts one, and a request to the app wakes it"
            )
        }
        return found
    }
}
