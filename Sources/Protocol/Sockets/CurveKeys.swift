internal import CZeroMQ
internal import Glibc

/// A public key of CURVE in its printable form: 40 characters of Z85.
public struct CurvePublicKey: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// Nil unless `text` is 40 characters that decode to 32 bytes.
    public init?(_ text: String) {
        guard Self.isKey(text) else { return nil }
        self.text = text
    }

    public var description: String { text }

    static func isKey(_ text: String) -> Bool {
        guard text.utf8.count == 40 else { return false }
        var bytes = [UInt8](repeating: 0, count: 32)
        return zmq_z85_decode(&bytes, text) != nil
    }

    /// The key from the 32 bytes in which a ZAP request carries it.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var text = [CChar](repeating: 0, count: 41)
        guard zmq_z85_encode(&text, bytes, 32) != nil else { return nil }
        self.text = String(decoding: text.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A key pair of CURVE. Its description shows the public half only.
public struct CurveKeys: Sendable, CustomStringConvertible {
    public let publicKey: CurvePublicKey
    public let secret: String

    /// Nil unless `secret` is a secret key in its printable form.
    public init?(secret: String) {
        guard CurvePublicKey.isKey(secret) else { return nil }
        var text = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&text, secret) == 0 else { return nil }
        let characters = text.prefix(40).map { UInt8(bitPattern: $0) }
        guard let key = CurvePublicKey(String(decoding: characters, as: UTF8.self)) else {
            return nil
        }
        publicKey = key
        self.secret = secret
    }

    /// A new pair from the system's random source.
    public static func generate() throws(ZMQError) -> CurveKeys {
        var open = [CChar](repeating: 0, count: 41)
        var secret = [CChar](repeating: 0, count: 41)
        guard zmq_curve_keypair(&open, &secret) == 0 else { throw .last("make a key pair") }
        let characters = secret.prefix(40).map { UInt8(bitPattern: $0) }
        guard let keys = CurveKeys(secret: String(decoding: characters, as: UTF8.self)) else {
            throw ZMQError(code: EINVAL, operation: "make a key pair")
        }
        return keys
    }

    public var description: String { "CURVE keys of \(publicKey)" }
}
