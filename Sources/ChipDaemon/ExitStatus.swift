import ArgumentParser
import ChipServer
import Foundation

/// How the program ends: firmware-specs/exit-status.md.
enum ExitStatus {
    static let usage: Int32 = 64
    static let data: Int32 = 65
    static let unavailable: Int32 = 69
    static let software: Int32 = 70
    static let cannotCreate: Int32 = 73
    static let inputOutput: Int32 = 74
    static let inUse: Int32 = 75
    static let permission: Int32 = 77

    /// Runs `body`; a failure becomes one sentence on stderr and its status.
    static func ending(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let code as ExitCode {
            throw code
        } catch {
            FileHandle.standardError.write(Data("chipd: \(error)\n".utf8))
            throw ExitCode(status(of: error))
        }
    }

    static func status(of error: any Error) -> Int32 {
        switch error {
        case is SpecError: data
        case let error as ServerError:
            if case .usage = error { usage } else { unavailable }
        case let error as StateError:
            switch error.kind {
            case .inUse: inUse
            case .unusable: data
            case .missing: cannotCreate
            case .permission: permission
            case .inputOutput: inputOutput
            }
        default: software
        }
    }
}
