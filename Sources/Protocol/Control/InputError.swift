internal import Protocol

/// A file that is sound but does not fit the command.
struct InputError: StatusError {
    let description: String
    let exitStatus = ExitStatus.data

    init(_ sentence: String) { description = sentence }
}
