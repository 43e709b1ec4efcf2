import Foundation
import Testing

/// gRPC from a client outside to a server in a Machine, by Python's own implementation on both sides.
@Suite("gRPC", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct GRPCTests {
    private static let server = """
        import concurrent.futures, grpc
        def shout(request, context):
            context.set_trailing_metadata((("x-length", str(len(request))), ("x-who", "server")))
            if request == b"fail": context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
            return request.upper()
        def count(request, context):
            for number in range(int(request)): yield b"%d" % number
        def total(requests, context): return b"%d" % sum(len(request) for request in requests)
        def echo(requests, context):
            for request in requests: yield b"heard " + request
        handlers = {
            "Shout": grpc.unary_unary_rpc_method_handler(shout), "Count": grpc.unary_stream_rpc_method_handler(count),
            "Total": grpc.stream_unary_rpc_method_handler(total), "Echo": grpc.stream_stream_rpc_method_handler(echo),
        }
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(16))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Calls", handlers),))
        server.add_insecure_port("0.0.0.0:8080")
        server.start()
        server.wait_for_termination()
        """

    private static let client = """
        import queue, sys, grpc
        port, authority = sys.argv[1:]
        options = [("grpc.ssl_target_name_override", "calls.localhost"), ("grpc.default_authority", "calls.localhost")]
        trust = grpc.ssl_channel_credentials(open(authority, "rb").read())
        channel = grpc.secure_channel(f"127.0.0.1:{port}", trust, options)
        answer, call = channel.unary_unary("/test.Calls/Shout").with_call(b"hello", timeout=20)
        print("unary", answer.decode(), dict(call.trailing_metadata()).get("x-length"), call.code().name)
        try:
            channel.unary_unary("/test.Calls/Shout")(b"fail", timeout=20)
        except grpc.RpcError as error:
            print("failed", error.code().name, error.details(), dict(error.trailing_metadata()).get("x-who"))
        try:
            channel.unary_unary("/test.Calls/Nothing")(b"", timeout=20)
        except grpc.RpcError as error:
            print("unknown", error.code().name)
        print("stream", len(list(channel.unary_stream("/test.Calls/Count")(b"1000", timeout=20))))
        pieces = (b"x" * 100_000 for _ in range(30))
        print("upload", channel.stream_unary("/test.Calls/Total")(pieces, timeout=30).decode())
        # Each word is sent when the one before it was answered.
        words = queue.Queue()
        words.put(b"one")
        heard = []
        for answer in channel.stream_stream("/test.Calls/Echo")(iter(words.get, None), timeout=20):
            heard.append(answer.decode())
            words.put({1: b"two", 2: b"three"}.get(len(heard)))
        print("both ways", heard)
        """

    @Test(
        "calls of all four kinds, their trailers and their faults pass the edge, to a server that speaks HTTP/2 alone"
    )
    func calls() async throws {
        try await TestHost.with(secure: true) { host in
            let library = "\(host.root)/grpc"
            let pip = try await Shell.run(
                "/usr/bin/env",
                ["python3", "-m", "pip", "install", "-q", "--target", library, "grpcio"],
                limit: 240
            )
            guard pip.code == 0 else { throw Failure("grpcio can't be installed: \(pip.all)") }
            let app = try TestApp("calls", check: false)
            defer { app.remove() }
            try Self.server.write(toFile: "\(app.folder)/server.py", atomically: true, encoding: .utf8)
            try "grpcio\n".write(toFile: "\(app.folder)/requirements.txt", atomically: true, encoding: .utf8)
            let file = "\(app.folder)/fly.toml"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try (text + "\n  [http_service.http_options]\n    h2_backend = true\n")
                .write(toFile: file, atomically: true, encoding: .utf8)
            try await host.done("deploy", app.folder, "--ha=false")
            let authority = "\(host.root)/ca.pem"
            try await host.done("certs", "trust", "--print").write(toFile: authority, atomically: true, encoding: .utf8)
            let script = "\(host.root)/client.py"
            try Self.client.write(toFile: script, atomically: true, encoding: .utf8)
            let port = try #require(host.securePort)
            let told = try await Shell.run(
                "/usr/bin/env",
                ["PYTHONPATH=\(library)", "python3", script, "\(port)", authority],
                limit: 120
            )
            #expect(
                told.output.split(separator: "\n") == [
                    "unary HELLO 5 OK", "failed NOT_FOUND no such thing server", "unknown UNIMPLEMENTED", "stream 1000",
                    "upload 3000000", "both ways ['heard one', 'heard two', 'heard three']",
                ],
                "\(told.all)"
            )
        }
    }
}
