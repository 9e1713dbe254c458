// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is held to: warnings end the build, every member's module is imported by name, an
/// existential says `any`, and an `async` function runs where its caller runs (so that one executor can hold a pass).
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // So that the linker can leave out, and put in order, each function by itself.
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
]

/// The shipped programs run on a Debian machine without Swift, and carry no code that is never called.
///
/// What is never used of them is not to be in memory either: 20,000 names that nobody looks up (a static standard library
/// exports everything), and 61,000 relocations of 24 bytes each, all of which the loader reads, are 3 MB. The linker is
/// the one that comes with Swift; packed relocations need glibc 2.36, which is Debian 12's.
let shipped: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "--no-export-dynamic",
            "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
        ], .when(configuration: .release)),
    // The static FoundationEssentials needs these two, and says so only to what was compiled for it.
    .linkedLibrary("_FoundationCollections", .when(configuration: .release)),
    .linkedLibrary("_FoundationCShims", .when(configuration: .release)),
]

/// What the daemon calls lies side by side, and what it does not call is not read into memory around it. The list is made
/// by 'tools/call-order', which says when to make it anew.
let inOrderOfCalls: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/tools/edgecertd.order",
            "-Xlinker", "--no-warn-symbol-ordering",
        ], .when(configuration: .release))
]

let crypto: [Target.Dependency] = [
    .product(name: "X509", package: "swift-certificates"),
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "CryptoExtras", package: "swift-crypto"),
    .product(name: "SwiftASN1", package: "swift-asn1"),
]
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func unitTests(_ module: String, _ more: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(module)Tests",
        dependencies: [.target(name: module), "TestKit"] + (module == "Domain" ? [] : ["Domain"]) + more,
        path: "Tests/Unit/\(module)Tests", swiftSettings: strict)
}

/// What bad input is poured into: tests over the corpus in an ordinary build; with EDGECERT_FUZZ set ('make fuzz'), one
/// program with libFuzzer in it. The same sources, so that nothing of the fuzzers is in any other build.
let isFuzzing = Context.environment["EDGECERT_FUZZ"] != nil
let fuzzed: [Target.Dependency] =
    [
        "Domain", "Engine", "CloudflareAPI", "ControlAPI", "Keys", "SettingsFile", "StateStore", "SystemdLink",
        "CSQLite",
        "TestKit",
    ] + crypto
let fuzzing: [Target] =
    isFuzzing
    ? [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "edgecert-fuzz", dependencies: fuzzed + ["CFuzzer"], path: "Tests/Fuzz",
            exclude: ["CFuzzer", "Corpus", "Dictionaries", "Replay", "run"], sources: ["Entries", "Runner"],
            // Debian's gold dies of an internal error over libFuzzer's debug information.
            swiftSettings: strict, linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
    ]
    : [
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz",
            exclude: ["CFuzzer", "Corpus", "Dictionaries", "Runner", "run"], sources: ["Entries", "Replay"],
            swiftSettings: strict)
    ]

let package = Package(
    name: "edgecert",
    products: [
        .executable(name: "edgecertd", targets: ["edgecertd"]),
        .executable(name: "edgecertctl", targets: ["edgecertctl"]),
        .executable(name: "edgecert-sim", targets: ["edgecert-sim"]),
    ],
    dependencies: [
        // Command lines of the three programs: parsing, help, shell completions, manual pages.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Certificates and signing requests: made, read, compared, signed by the simulator's authority.
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        // Private keys (EC and RSA) and digests.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        // DER and PEM, beneath the two above.
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        // The operator's command after a change: no shell, clean signals and descriptors, a time-out that ends it.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        // The type of paths in swift-subprocess's interface, which brings it along anyway.
        .package(url: "https://github.com/apple/swift-system.git", from: "1.5.0"),
        // The simulator's HTTP server. The daemon and the tool do not link it.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        // TLS for the simulator's HTTP server. The daemon and the tool do not link it.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    ],
    targets: [
        // Pure: they decide.
        .target(name: "Domain", swiftSettings: strict),
        .target(name: "Planning", dependencies: ["Domain"], swiftSettings: strict),
        .target(name: "CloudflareModel", dependencies: ["Domain"], swiftSettings: strict),
        // Ordering: they declare the ports, and do no I/O of their own.
        .target(name: "Engine", dependencies: ["Domain", "Planning"], swiftSettings: strict),
        .target(name: "CloudflareAPI", dependencies: ["Domain", "Engine"], swiftSettings: strict),
        .target(name: "Reports", dependencies: ["Domain", "Planning", "Engine"], swiftSettings: strict),
        // Adapters: they touch the world.
        // What several adapters run on: an actor on a serial queue, and sockets watched there.
        .target(name: "Executors", dependencies: ["CEpoll"], swiftSettings: strict),
        .target(name: "Clockwork", dependencies: ["Domain", "Engine", "CTimerfd"], swiftSettings: strict),
        .target(
            name: "HTTPTransport", dependencies: ["Domain", "CloudflareAPI", "CCurl", "Executors"],
            swiftSettings: strict),
        .target(name: "StateStore", dependencies: ["Domain", "Engine", "CSQLite"], swiftSettings: strict),
        .target(
            name: "Keys",
            dependencies: [
                "Domain", "Engine", .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ] + crypto, swiftSettings: strict),
        .target(name: "SystemdLink", dependencies: ["Domain", "Engine", "CSystemd"], swiftSettings: strict),
        .target(name: "SettingsFile", dependencies: ["Domain", "Planning"], swiftSettings: strict),
        .target(name: "ControlAPI", dependencies: ["Domain", "Executors"], swiftSettings: strict),
        .target(
            name: "SimulatorServer",
            dependencies: [
                "Domain", "CloudflareModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ] + crypto, swiftSettings: strict),
        // Debian's libraries.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        // What Swift's module of the C library leaves out.
        .systemLibrary(name: "CTimerfd"),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CMalloc"),
        // Executables: they introduce the others to each other.
        .executableTarget(
            name: "edgecertd",
            dependencies: [
                "Domain", "Planning", "Engine", "CloudflareAPI", "Reports", "Clockwork", "HTTPTransport", "StateStore",
                "Keys", "SystemdLink", "SettingsFile", "ControlAPI", "Executors", "CMalloc", arguments,
            ], swiftSettings: strict, linkerSettings: shipped + inOrderOfCalls),
        .executableTarget(
            name: "edgecertctl",
            dependencies: [
                "Domain", "Planning", "Engine", "CloudflareAPI", "Reports", "Clockwork", "HTTPTransport", "StateStore",
                "Keys", "SystemdLink", "SettingsFile", "ControlAPI", "CSQLite", arguments,
            ], swiftSettings: strict, linkerSettings: shipped),
        .executableTarget(
            name: "edgecert-sim",
            dependencies: ["Domain", "CloudflareModel", "SimulatorServer", arguments],
            swiftSettings: strict, linkerSettings: shipped),
        // For 'make bench' alone; not installed.
        .executableTarget(
            name: "edgecert-bench", dependencies: ["Domain", "Planning", "Engine", "StateStore", arguments],
            swiftSettings: strict, linkerSettings: shipped),
        // Tests.
        .target(
            name: "TestKit", dependencies: ["Domain", "Planning", "Engine", "CloudflareAPI", "CloudflareModel"],
            path: "Tests/TestKit", swiftSettings: strict),
        // The simulation: the real engine and store against the model of Cloudflare, every job on one thread. Not shipped.
        .target(name: "CSimulationHooks", path: "Tests/Simulation/Hooks"),
        // A disk that loses at a power cut what was not synced: the C library's calls, and what is made of them.
        .target(name: "CPowerTap", path: "Tests/Power/Tap"),
        .target(
            name: "PowerDisk", dependencies: ["CPowerTap", "TestKit"], path: "Tests/Power/Disk", swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: [
                "Domain", "Planning", "Engine", "CloudflareAPI", "CloudflareModel", "StateStore", "Keys", "CSQLite",
                "TestKit", "CSimulationHooks", "PowerDisk", "SimulatorServer",
            ] + crypto, path: "Tests/Simulation/Kit", swiftSettings: strict),
        .executableTarget(
            name: "edgecert-simulate",
            dependencies: [
                "Simulation", arguments, .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Simulation/Program", swiftSettings: strict, linkerSettings: shipped),
        .executableTarget(
            name: "edgecert-power", dependencies: ["Simulation", "PowerDisk", arguments], path: "Tests/Power/Program",
            swiftSettings: strict),
        unitTests("Domain"),
        unitTests("Planning"),
        unitTests("Engine", ["Planning", "CloudflareAPI", "CloudflareModel", "Executors"]),
        unitTests("CloudflareModel"),
        unitTests("CloudflareAPI", ["Engine"]),
        unitTests("HTTPTransport", ["CloudflareAPI"]),
        unitTests("StateStore", ["Engine", "CSQLite"]),
        unitTests("Keys", ["Engine"] + crypto),
        unitTests("SystemdLink", ["Engine"]),
        unitTests("SettingsFile", ["Planning"]),
        unitTests("ControlAPI"),
        unitTests("Executors"),
        unitTests("Clockwork", ["Engine", "Executors"]),
        // With the protocol that carries the reports: what it promises of their shape is held against them.
        unitTests("Reports", ["Planning", "Engine", "ControlAPI"]),
        // The program itself: what is parsed of its command line, and how it ends.
        unitTests("edgecertctl", ["Engine", "Reports", "ControlAPI", "StateStore", arguments]),
        unitTests(
            "SimulatorServer",
            [
                "CloudflareModel", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ] + crypto),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Simulation", "Domain", "CloudflareModel", "TestKit"], path: "Tests/Simulation/Cases",
            swiftSettings: strict),
        .testTarget(
            name: "PowerTests",
            dependencies: ["Domain", "Engine", "CloudflareModel", "PowerDisk", "Simulation", "StateStore", "TestKit"],
            path: "Tests/Power/Cases", swiftSettings: strict),
        .testTarget(
            name: "ContractTests",
            dependencies: [
                "Domain", "Planning", "Engine", "CloudflareAPI", "CloudflareModel", "HTTPTransport", "SimulatorServer",
                "StateStore", "TestKit",
            ], path: "Tests/Contract", swiftSettings: strict),
    ] + fuzzing,
    swiftLanguageModes: [.v6]
)
