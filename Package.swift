// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let ssl = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")

let package = Package(
    name: "roost",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "roost", targets: ["roost"]),
        .executable(name: "roostd", targets: ["roostd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            exact: "2.28.1",
            traits: ["FullFoundation"]
        ),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .target(name: "Model", swiftSettings: settings),
        .target(
            name: "Toolkit",
            dependencies: [
                "Model", log, crypto,
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Scaffold",
            dependencies: ["Model", "Toolkit"],
            resources: [.embedInCode("Python/facts.py"), .embedInCode("Python/environment.py")],
            swiftSettings: settings
        ),
        .target(name: "CLinux"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
        .target(name: "Store", dependencies: ["Model", "Toolkit", "CSQLite"], swiftSettings: settings),
        .target(name: "Images", dependencies: ["Model", "Toolkit", "CLinux", crypto], swiftSettings: settings),
        .target(name: "Runtime", dependencies: ["Model", "Toolkit", "CLinux", log], swiftSettings: settings),
        .target(
            name: "Edge",
            dependencies: [
                "Model", "Toolkit", "CLinux", "CZlib", "CBrotli", log, lifecycle, ssl, nioCore, nioPosix, nioTLS,
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Certificates",
            dependencies: [
                "Model", "Toolkit", crypto, httpClient, ssl, nioCore, nioHTTP1,
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Client",
            dependencies: ["Model", "Toolkit", httpClient, ssl, nioCore, nioPosix, nioHTTP1],
            swiftSettings: settings
        ),
        .target(
            name: "ControlPlane",
            dependencies: [
                "Model", "Toolkit", "Store", "Certificates", log, lifecycle,
                hummingbird, httpTypes, ssl, crypto, nioCore, nioPosix,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Agent",
            dependencies: ["Model", "Toolkit", "Store", "Runtime", log, lifecycle, nioCore, nioPosix],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "roost",
            dependencies: ["Client", "Scaffold", "Model", "Toolkit", arguments],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "roostd",
            dependencies: [
                "ControlPlane", "Agent", "Edge", "Images", "Runtime", "Store", "Certificates", "Model", "Toolkit",
                arguments, lifecycle, log,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "ModelTests", dependencies: ["Model"], swiftSettings: settings),
        .testTarget(name: "ToolkitTests", dependencies: ["Toolkit", "Model"], swiftSettings: settings),
        .testTarget(name: "ScaffoldTests", dependencies: ["Scaffold", "Model", "Toolkit"], swiftSettings: settings),
        .testTarget(name: "StoreTests", dependencies: ["Store", "Model", "Toolkit"], swiftSettings: settings),
        .testTarget(
            name: "ImagesTests",
            dependencies: ["Images", "Scaffold", "Model", "Toolkit"],
            swiftSettings: settings
        ),
        // What tests of several targets use of each other.
        .target(
            name: "FakeRuntime",
            dependencies: ["Runtime", "Model"],
            path: "Tests/FakeRuntime",
            swiftSettings: settings
        ),
        .testTarget(
            name: "RuntimeTests",
            dependencies: ["Runtime", "FakeRuntime", "Model", "Toolkit"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Edge", "Images", "Model", "Toolkit", nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EdgeTests",
            dependencies: [
                "Edge", "Certificates", "Model", "Toolkit", "CZlib", log, lifecycle, ssl, nioCore, nioPosix, nioTLS,
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CertificatesTests",
            dependencies: ["Certificates", "Model", "Toolkit", nioCore, nioHTTP1, nioPosix],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: ["ControlPlane", "Certificates", "Model", "Toolkit", "Store", log],
            swiftSettings: settings
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "ControlPlane", "Agent", "Certificates", "Model", "Toolkit", "Store", "Runtime", "FakeRuntime", log,
                hummingbird, httpTypes, nioCore,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AgentTests",
            dependencies: ["Agent", "Model", "Toolkit", "Store", "Runtime", "FakeRuntime", log, nioCore, nioPosix],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["Scaffold", "Model", "Toolkit"],
            swiftSettings: settings
        ),
    ]
)
