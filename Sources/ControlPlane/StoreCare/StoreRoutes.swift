import Foundation
import Hummingbird
import Model
import NIOCore
import Store
import Toolkit

/// `/v1/store`: records that can't be read, one record as it stands, and how one is put right.
struct StoreRoutes {
    let care: StoreCare

    private struct Repair: KeyedForm {
        var key = ""
        var drop = false

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.need("key", &key)
            try form.field("drop", &drop)
        }
    }

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/store/troubles") { _, _ in try JSONAnswer.make(try await care.troubles()) }
        router.get("/v1/store/record") { request, _ in
            guard let key = request.query("key") else { throw Fault(.invalidRequest, "expected key=/…") }
            let entry = try await care.show(key)
            return Response(
                status: .ok,
                headers: [.contentType: "application/octet-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: entry.value))
            )
        }
        router.post("/v1/store/repair") { request, _ in
            let wanted = try await request.json(Repair.self)
            return try JSONAnswer.make(try await care.repair(wanted.key, drop: wanted.drop))
        }
    }
}
