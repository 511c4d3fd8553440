import ChipCore
import Foundation
import Protocol
import Testing

/// What a peer may send in a well-formed request, and what it is told.
@Suite("Arguments are bounded at the edge, with a sentence")
struct ArgumentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let command: WireRequest.OneOf_Command
        var tensors: [(WireTensor, Frame)] = []
        let sentence: String
        var testDescription: String { sentence }
    }

    private static func map(_ change: (inout WireMap) -> Void) -> WireRequest.OneOf_Command {
        var map = WireMap()
        (map.rows, map.columns, map.weightBits) = (2, 2, 8)
        map.mapping = .differential
        change(&map)
        return .map(map)
    }

    private static func multiply(_ change: (inout WireMultiply) -> Void)
        -> WireRequest.OneOf_Command
    {
        var multiply = WireMultiply()
        multiply.output = .codes
        change(&multiply)
        return .multiply(multiply)
    }

    private static let inputs = Commands.tensor(.u8, [1, 2], .code, [1, 2] as [UInt8])
    private static let codes = Commands.codes
    private static let mask = Commands.tensor(.u8, [2, 2], .mask, [0, 1, 0, 2] as [UInt8])
    private static let column = Commands.tensor(.u8, [4, 1], .mask, [0, 1, 0, 1] as [UInt8])
    private static let conductances = Commands.tensor(
        .f32, [1, 2], .microsiemens, [1, -.infinity] as [Float])

    static let cases = [
        Case(command: map { $0.rows = 0 }, sentence: "rows is 0; allowed: 1 … 1048576"),
        Case(
            command: map { $0.columns = .max },
            sentence: "columns is 4294967295; allowed: 1 … 1048576"),
        Case(command: map { $0.weightBits = 17 }, sentence: "weight_bits is 17; allowed: 1 … 15"),
        Case(command: map { $0.cellBits = 9 }, sentence: "cell_bits is 9; allowed: 0 … 8"),
        Case(
            command: map { $0.codeMax = 32_768 }, sentence: "code_max is 32768; allowed: 0 … 32767"),
        Case(
            command: map { $0.mapping = .unspecified },
            sentence: "mapping is 0; allowed: 1 (differential), 2 (offset)"),
        Case(
            command: map { $0.adcFullScaleUa = .nan },
            sentence: "adc_full_scale_ua is nan; allowed: 0.0 … 10000000.0"),
        Case(
            command: map { $0.name = String(repeating: "ä", count: 33) },
            sentence: "name is 66 bytes long; allowed: at most 64"),
        Case(command: map { $0.name = "a\nb" }, sentence: "name contains a control character"),
        Case(
            command: map { $0.name = "a\u{85}b" }, sentence: "name contains a control character"),
        Case(
            command: map { $0.tiles = Array(repeating: 0, count: 65_537) },
            sentence: "tiles is 65537 entries long; allowed: at most 65536"),
        Case(
            command: map { _ in }, tensors: [codes],
            sentence: "tensors has 1 entries; this command takes 0"),
        Case(
            command: Commands.program(),
            sentence: "tensors has 0 entries; entry 0, weight codes, is missing"),
        Case(
            command: Commands.program { $0.method = .unspecified }, tensors: [codes],
            sentence: "method is 0; allowed: 1 (open loop), 2 (write-verify)"),
        Case(
            command: Commands.program { $0.tolerance = 0.1 }, tensors: [codes],
            sentence: "an open-loop write has neither"),
        Case(
            command: Commands.program { $0.tile = 1 }, tensors: [codes],
            sentence: "tile is 1, but conductances is false; allowed: 0"),
        Case(
            command: Commands.program(), tensors: [inputs, codes],
            sentence: "tensors[0] (weight codes) is u8; allowed: i8 or i16"),
        Case(
            command: Commands.program { $0.region.rows = 2 }, tensors: [codes],
            sentence: "region has 2 rows and 0 columns"),
        Case(
            command: Commands.program { $0.region.row = 2 }, tensors: [codes],
            sentence: "region begins at row 2"),
        Case(
            command: Commands.program { $0.masked = true }, tensors: [codes],
            sentence: "entry 1, mask, is missing"),
        Case(
            command: Commands.program { $0.masked = true }, tensors: [codes, mask],
            sentence: "tensors[1] (mask), element 3, is 2; allowed: 0, 1"),
        Case(
            command: Commands.program { $0.masked = true }, tensors: [codes, column],
            sentence: "tensors[1] (mask) is u8 [4, 1]; it must have the shape of tensors[0]"),
        Case(
            command: Commands.program {
                $0.matrix = 0
                $0.conductances = true
            }, tensors: [conductances],
            sentence: "tensors[0] (conductances), element 1, is -inf; allowed: finite"),
        Case(
            command: .calibrate(.with { $0.matrix = 1 }),
            sentence: "adc_full_scale_ua is 0; allowed: above 0"),
        Case(
            command: .read(.with { $0.repeats = 4_097 }),
            sentence: "repeats is 4097; allowed: 0 … 4096"),
        Case(
            command: .read(
                .with {
                    $0.ofTile = true
                    $0.matrix = 3
                }), sentence: "matrix is 3, but of_tile is true; allowed: 0"),
        Case(
            command: multiply { $0.output = .unspecified }, tensors: [inputs],
            sentence: "output is 0; allowed: 1 (codes), 2 (products)"),
        Case(
            command: multiply { $0.adcFullScaleUa = -1 }, tensors: [inputs],
            sentence: "adc_full_scale_ua is -1.0; allowed: 0.0 …"),
        Case(
            command: multiply { _ in }, tensors: [conductances],
            sentence: "tensors[0] (input codes) is f32; allowed: u8 or i8"),
        Case(
            command: multiply { _ in },
            tensors: [
                Commands.tensor(.u8, [65_537, 1], .code, [UInt8](repeating: 0, count: 65_537))
            ],
            sentence: "the batch has 65537 vectors; the limit is 65536"),
        Case(
            command: multiply { $0.window = window() }, tensors: [inputs],
            sentence: "tensors[0] (input codes) is u8 [1, 2]; it must have 4 dimensions"),
        Case(
            command: multiply { _ in }, tensors: [maps],
            sentence: "tensors[0] (input codes) is u8 [300, 16, 16, 1]; it must have 2 dimensions"),
        Case(
            command: multiply { $0.window = window { $0.kernelHeight = 0 } }, tensors: [maps],
            sentence: "window.kernel_height is 0; allowed: 1 … 64"),
        Case(
            command: multiply { $0.window = window { $0.strideWidth = 65 } }, tensors: [maps],
            sentence: "window.stride_width is 65; allowed: 1 … 64"),
        Case(
            command: multiply { $0.window = window { $0.paddingWidth = 3 } }, tensors: [maps],
            sentence: "window.padding_width is 3; allowed: 0 … 2"),
        Case(
            command: multiply { $0.window = window { $0.kernelWidth = 17 } }, tensors: [maps],
            sentence: "window.kernel_width is 17; allowed: 1 … 16, the width of the padded map"),
        Case(
            command: multiply {
                $0.window = window {
                    $0.paddingHeight = 1; $0.paddingWidth = 1
                }
            },
            tensors: [maps],
            sentence: "the batch has 76800 vectors; the limit is 65536: send at most 256 maps"),
        Case(
            command: multiply { $0.window = window() },
            tensors: [
                Commands.tensor(
                    .u8, [1, 259, 259, 1], .code, [UInt8](repeating: 0, count: 259 * 259))
            ],
            sentence: "one map has 66049 places of the window; the limit is 65536 vectors"),
    ]

    private static let maps = Commands.tensor(
        .u8, [300, 16, 16, 1], .code, [UInt8](repeating: 0, count: 300 * 256))

    private static func window(_ change: (inout WireWindow) -> Void = { _ in }) -> WireWindow {
        var window = WireWindow()
        (window.kernelHeight, window.kernelWidth) = (3, 3)
        (window.strideHeight, window.strideWidth) = (1, 1)
        change(&window)
        return window
    }

    @Test func eachIsRefusedBeforeTheChipWorks() throws {
        let test = try TestDaemon()
        let host = try TestHost(test.endpoint)
        for entry in Self.cases {
            let sequence: UInt64 = entry.command.traits.isSequenced ? 1 : 0
            let reply = try host.ask(
                entry.command, sequence: sequence, tensors: entry.tensors
            ).reply
            #expect(reply.error.message.contains(entry.sentence), "\(reply.error.message)")
            #expect(reply.error.retry == .afterFix)
            #expect(reply.effect == .none)
        }
        #expect(test.chip.log == ["open"])
    }

    @Test func faultsHaveTheNumbersOfTheWire() throws {
        for code in 1 ... 15 {
            #expect(ChipFault.Code(rawValue: code) != nil)
            let wire = try #require(WireError.Code(rawValue: code))
            #expect(WireError.Code.allCases.contains(wire))
        }
        for reason in 1 ... 27 {
            #expect(ChipFault.Reason(rawValue: reason) != nil)
            let wire = try #require(WireError.Reason(rawValue: reason))
            #expect(WireError.Reason.allCases.contains(wire))
        }
        #expect(ChipFault.Code(rawValue: 16) == nil)
        #expect(ChipFault.Reason(rawValue: 28) == nil)
    }

    @Test(arguments: [
        ("1-200,305", 201), ("7", 1), ("3,1-3", 3),
    ])
    func serialsAreListsOfRanges(_ text: String, _ count: Int) throws {
        #expect(try ServerConfigurationSerials.count(text) == count)
    }

    @Test(arguments: ["", "0", "5-1", "1-5000", "a", "1,,2", "1-2-3", "-1", "4294967296"])
    func otherSerialsAreRefused(_ text: String) {
        #expect(throws: (any Error).self) { try ServerConfigurationSerials.count(text) }
    }
}
