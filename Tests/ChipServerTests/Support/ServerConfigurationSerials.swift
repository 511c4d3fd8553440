import ChipServer

enum ServerConfigurationSerials {
    static func count(_ text: String) throws -> Int { try ServerConfiguration.serials(text).count }
}
