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
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]

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
        .target(name: "Store", dependencies: ["Model", "Toolkit", "CSQLite", log], swiftSettings: settings),
        .target(name: "Images", dependencies: ["Model", "Toolkit", "CLinux", log, crypto], swiftSettings: settings),
        .target(name: "Runtime", dependencies: ["Model", "Toolkit", "CLinux", log], swiftSettings: settings),
        .target(name: "Edge", dependencies: ["Model", "Toolkit", log, lifecycle] + nio, swiftSettings: settings),
        .target(name: "Client", dependencies: ["Model", "Toolkit", httpClient, crypto] + nio, swiftSettings: settings),
        .target(
            name: "ControlPlane",
            dependencies: [
                "Model", "Toolkit", "Store", log, lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ] + nio,
            swiftSettings: settings
        ),
        .target(
            name: "Agent",
            dependencies: ["Model", "Toolkit", "Store", "Runtime", log, lifecycle, httpClient] + nio,
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
                "ControlPlane", "Agent", "Edge", "Images", "Runtime", "Store", "Model", "Toolkit", arguments, lifecycle,
                log,
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
        .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "Model", "Toolkit"], swiftSettings: settings),
        .testTarget(
            name: "EdgeTests",
            dependencies: ["Edge", "Model", "Toolkit", log, lifecycle] + nio,
            swiftSettings: settings
        ),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: ["ControlPlane", "Model", "Toolkit", "Store"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AgentTests",
            dependencies: ["Agent", "Model", "Toolkit", "Store", "Runtime", log],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["Scaffold", "Model", "Toolkit"],
            swiftSettings: settings
        ),
    ]
)
