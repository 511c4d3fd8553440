internal import Logging
internal import ServiceLifecycle

extension Daemon {
    /// The least that is logged, as the command line names it.
    public enum LogLevel: String, Sendable, CaseIterable {
        case debug, info, notice, warning, error

        fileprivate var level: Logger.Level {
            switch self {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        }
    }

    /// Locks the state, serves its chips and returns when SIGTERM or SIGINT has come and
    /// everything is stored. Logs to stderr.
    public static func run(
        _ configuration: ServerConfiguration, chipFile: String, statePath: String,
        logLevel: LogLevel
    ) async throws {
        var logger = Logger(label: "chipd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel.level
        FileLimit.raise()
        HeapPolicy.keepBlocks()
        let state = try StateDirectory(path: statePath, spec: ResolvedSpec(chipFile: chipFile))
        let daemon = try Daemon(configuration, state: state, logger: logger)
        let service = ServiceGroupConfiguration.ServiceConfiguration(
            service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }
}
