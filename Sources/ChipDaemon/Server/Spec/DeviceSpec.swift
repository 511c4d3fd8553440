internal import ChipCore
internal import Physics
internal import Yams

/// The reader of `firmware-specs/devices/*.yaml`: one cell technology, each value with its source.
enum DeviceSpec {
    static func technology(_ node: Node, file: String, path: String) throws(SpecError)
        -> CellTechnology
    {
        fatalError()
    }

    static func periphery(_ root: SpecReader) throws(SpecError) -> PeripheryCost {
        fatalError()
    }

    /// A rule of the physics that a range alone does not express.
    static func checked<Value>(
        _ reader: SpecReader, _ key: String, _ make: () throws(PhysicsError) -> Value
    ) throws(SpecError) -> Value {
        do {
            return try make()
        } catch {
            throw reader.refusal(key, "cannot be used: \(error)")
        }
    }
}
