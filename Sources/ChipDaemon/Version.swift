import ChipServer

/// What `--version` prints.
let programVersion = Daemon.version
