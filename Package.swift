// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target: existential types are spelled out, imports are internal
/// unless they are part of the interface, and a warning is an error to us.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
    name: "nvcim",
    products: [
        .executable(name: "chipd", targets: ["chipd"]),
        .executable(name: "chipctl", targets: ["chipctl"]),
        .executable(name: "hostagent", targets: ["hostagent"]),
        .executable(name: "nvcim-fidelity", targets: ["nvcim-fidelity"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The laws of the chip: pure values and functions.
        .target(name: "CKernels", path: "Sources/Physics/CKernels"),
        .systemLibrary(name: "CBLAS", path: "Sources/Physics/CBLAS"),
        .target(
            name: "Physics", dependencies: ["CKernels", "CBLAS"], path: "Sources/Physics",
            exclude: ["CKernels", "CBLAS"], swiftSettings: strict),

        // What tells two states or two requests apart.
        .systemLibrary(name: "CXXHash", path: "Sources/Checksum/CXXHash"),
        .target(
            name: "Checksum", dependencies: ["CXXHash"], path: "Sources/Checksum",
            exclude: ["CXXHash"], swiftSettings: strict),

        // The wire.
        .systemLibrary(name: "CZeroMQ", path: "Sources/Protocol/CZeroMQ"),
        .target(
            name: "Protocol", dependencies: ["CZeroMQ", "Checksum", protobuf],
            path: "Sources/Protocol",
            exclude: ["CZeroMQ", "Client", "Control", "Fidelity", "Program"], swiftSettings: strict),
        .target(
            name: "ChipClient", dependencies: ["Protocol", "Checksum"],
            path: "Sources/Protocol/Client",
            swiftSettings: strict),
        .target(
            name: "Program", dependencies: ["Protocol", argumentParser],
            path: "Sources/Protocol/Program", swiftSettings: strict),
        .executableTarget(
            name: "chipctl", dependencies: ["ChipClient", "Protocol", "Program", argumentParser],
            path: "Sources/Protocol/Control", swiftSettings: strict),

        .target(name: "Plotting", path: "Sources/Plotting", swiftSettings: strict),
        .executableTarget(
            name: "nvcim-fidelity",
            dependencies: ["ChipClient", "Protocol", "Program", "Plotting", argumentParser],
            path: "Sources/Protocol/Fidelity", swiftSettings: strict),

        // The chip.
        .target(
            name: "ChipCore", dependencies: ["Physics", "Checksum"],
            path: "Sources/ChipDaemon/Core", swiftSettings: strict),
        .target(
            name: "ChipServer",
            dependencies: [
                "ChipCore", "Physics", "Protocol", "Checksum", log, "Yams",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/ChipDaemon/Server", swiftSettings: strict),
        .executableTarget(
            name: "chipd", dependencies: ["ChipServer", "Protocol", "Program", argumentParser],
            path: "Sources/ChipDaemon", exclude: ["Core", "Server"], swiftSettings: strict),

        // The host.
        .target(
            name: "CTorch", path: "Sources/HostAgent/CTorch",
            linkerSettings: [
                .linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
            ]),
        .systemLibrary(name: "CCompression", path: "Sources/HostAgent/CCompression"),
        .systemLibrary(name: "CJPEG", path: "Sources/HostAgent/CJPEG"),
        .target(
            name: "HostKit",
            dependencies: [
                "ChipClient", "Protocol", "Plotting", "Checksum", "CTorch", "CCompression",
                "CJPEG",
            ],
            path: "Sources/HostAgent", exclude: ["CTorch", "CCompression", "CJPEG", "Commands"],
            resources: [.copy("Resources/digits.csv.gz")], swiftSettings: strict),
        .executableTarget(
            name: "hostagent", dependencies: ["HostKit", "Protocol", "Program", argumentParser],
            path: "Sources/HostAgent/Commands", swiftSettings: strict),

        // Proof and speed.
        .target(
            name: "TestSupport", dependencies: ["Physics"], path: "Tests/Support",
            swiftSettings: strict),
        .testTarget(
            name: "PhysicsTests", dependencies: ["Physics", "CKernels", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ProtocolTests", dependencies: ["Protocol", "ChipClient", "Checksum", protobuf],
            swiftSettings: strict),
        .testTarget(
            name: "ChipCoreTests", dependencies: ["ChipCore", "Physics", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ChipServerTests",
            dependencies: ["ChipServer", "ChipCore", "Physics", "Protocol", log],
            swiftSettings: strict),
        .testTarget(
            name: "HostKitTests", dependencies: ["HostKit", "Plotting", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "BlackBoxTests",
            dependencies: [
                "Protocol", "TestSupport", "HostKit", "chipd", "chipctl", "hostagent",
                "nvcim-fidelity",
            ],
            path: "Tests/BlackBox", swiftSettings: strict),
        .target(
            name: "CFloor", dependencies: ["CZeroMQ"], path: "Benchmarks/CFloor"),
        .executableTarget(
            name: "nvcim-bench",
            dependencies: [
                "Physics", "ChipCore", "ChipServer", "Protocol", "CBLAS", "CFloor", "HostKit",
            ],
            path: "Benchmarks", exclude: ["CFloor", "train_resnet20.py"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
