internal import SwiftProtobuf

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Walks a decoded message and stops at the first field or enumerator that this
/// version does not know, at any depth (rule W-13).
///
/// A field that is dropped in silence could have been the one that says "do not
/// write there": a request is understood completely or refused.
struct FieldCheck: Visitor {
    enum Finding: Error {
        case unknownField(message: String, number: Int)
        case unknownEnumerator(message: String, field: Int, value: Int)

        var sentence: String {
            switch self {
            case .unknownField(let message, let number):
                "the request has an unknown field, number \(number) of \(message)"
            case .unknownEnumerator(let message, let field, let value):
                "field \(field) of \(message) has the value \(value), which is not in its list"
            }
        }
    }

    private var message = ""

    /// Nil when every field is known.
    static func finding(in message: some Message) -> Finding? {
        var check = FieldCheck()
        do {
            try check.visitSingularMessageField(value: message, fieldNumber: 0)
            return nil
        } catch let finding as Finding {
            return finding
        } catch {
            return .unknownField(message: "the request", number: 0)
        }
    }

    mutating func visitUnknown(bytes: Data) throws {
        guard !bytes.isEmpty else { return }
        var scan = FieldScan([UInt8](bytes))
        throw Finding.unknownField(message: message, number: scan.next()?.number ?? 0)
    }

    mutating func visitSingularEnumField<E: Enum>(value: E, fieldNumber: Int) throws {
        guard let cases = E.self as? any CaseIterable.Type, Self.contains(cases, value) else {
            throw Finding.unknownEnumerator(
                message: message, field: fieldNumber, value: value.rawValue)
        }
    }

    private static func contains<C: CaseIterable, E: Enum>(_: C.Type, _ value: E) -> Bool {
        C.allCases.contains { ($0 as? E) == value }
    }

    mutating func visitSingularMessageField<M: Message>(value: M, fieldNumber: Int) throws {
        let outer = message
        message = M.protoMessageName
        try value.traverse(visitor: &self)
        message = outer
    }

    mutating func visitSingularDoubleField(value: Double, fieldNumber: Int) throws {}
    mutating func visitSingularInt64Field(value: Int64, fieldNumber: Int) throws {}
    mutating func visitSingularUInt64Field(value: UInt64, fieldNumber: Int) throws {}
    mutating func visitSingularBoolField(value: Bool, fieldNumber: Int) throws {}
    mutating func visitSingularStringField(value: String, fieldNumber: Int) throws {}
    mutating func visitSingularBytesField(value: Data, fieldNumber: Int) throws {}

    // The wire has no map fields.
    mutating func visitMapField<KeyType, ValueType: MapValueType>(
        fieldType: _ProtobufMap<KeyType, ValueType>.Type,
        value: _ProtobufMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws {}
    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufEnumMap<KeyType, ValueType>.Type,
        value: _ProtobufEnumMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws where ValueType.RawValue == Int {}
    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufMessageMap<KeyType, ValueType>.Type,
        value: _ProtobufMessageMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws {}
}
