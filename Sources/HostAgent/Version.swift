internal import Protocol

/// The package's version: `--version` prints it.
public let version = nvcimVersion
