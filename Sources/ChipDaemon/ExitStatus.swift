import ArgumentParser
import ChipServer
import Program
import Protocol

extension ExitStatus {
    /// Runs `body`; a failure becomes one sentence on stderr and its status.
    static func ending(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let code as ExitCode {
            throw code
        } catch {
            Terminal.error("chipd: \(error)")
            throw ExitCode(status(of: error).rawValue)
        }
    }

    private static func status(of error: any Error) -> ExitStatus {
        switch error {
        case is SpecError: .data
        case let error as ServerError:
            if case .usage = error { .usage } else { .unavailable }
        case let error as StateError:
            switch error.kind {
            case .inUse: .temporary
            case .unusable: .data
            case .missing: .cannotCreate
            case .permission: .permission
            case .inputOutput: .inputOutput
            }
        case let error as any StatusError: error.exitStatus
        default: .software
        }
    }
}
