import Foundation

/// "hello, chip", compressed by Python's gzip and lzma modules.
enum CompressedFixtures {
    static let gzip = bytes("H4sIAAAAAAACA8tIzcnJ11FIzsgsAAADe3HMCwAAAA==")
    static let xz = bytes(
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAKaGVsbG8sIGNoaXAAAEyVkd2AqbQJAAEjC8Ib/QkftvN9AQAAAAAEWVo="
    )

    private static func bytes(_ text: String) -> [UInt8] { Array(Data(base64Encoded: text)!) }
}
