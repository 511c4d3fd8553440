import Foundation
import Physics

/// NeuroSim's figures of one array and one input vector, from the folder `cost` of NVCIM_ORACLES.
enum CostOracle {
    static let folder: URL? = {
        guard let root = ProcessInfo.processInfo.environment["NVCIM_ORACLES"] else { return nil }
        let folder = URL(fileURLWithPath: root).appendingPathComponent("cost")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    struct Steps: Decodable {
        var columnMux: Double
        var senseAmplifiers: Double
    }

    /// pJ of one array and vector.
    struct Energy: Decodable {
        var wordLine: Double
        var wordLineSwitchMatrix: Double
        var columnMuxAndItsDecoder: Double
        var adc: Double
        var shiftAddOverWeightDigits: Double
        var shiftAddOverInputBits: Double
        var total: Double

        var shiftAdd: Double { shiftAddOverWeightDigits + shiftAddOverInputBits }
    }

    struct Array: Decodable {
        struct Parameters: Decodable {
            var inputBits: Int
            var subarrayRows: Int
            var subarrayColumns: Int
            var columnMux: Int
            var adcBits: Int
            var supplyV: Double
        }
        struct Layer: Decodable {
            struct Operation: Decodable {
                var meanActiveRowShare: Double
                var perArrayAndVectorPJ: Energy
                var sensingCyclesPerVector: Double
            }
            var arrayOperation: Operation
        }
        struct Electrical: Decodable { var wordLineCapacitanceFF: Double }
        struct Chip: Decodable { var clockPeriodNs: Double }
        var parameters: Parameters
        var layers: [Layer]
        var arrayStepNs: Steps
        var arrayElectrical: Electrical
        var chip: Chip
    }

    struct Sweeps: Decodable {
        struct Sweep: Decodable {
            var parameter: String
            var points: [Point]
        }
        struct Point: Decodable {
            var value: Double
            var latencyPerVectorNs: Double
            var stepNs: Steps
            var activeRowShare: Double
            var energyPJ: Energy
        }
        var sweeps: [Sweep]
    }

    static func read<Value: Decodable>(_ name: String, as _: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in Key(path[path.count - 1].stringValue) }
        guard let folder else { preconditionFailure("the suite runs only where the folder is") }
        return try decoder.decode(
            Value.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// "word_line_capacitance_fF" as `wordLineCapacitanceFF`.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) {
            let words = name.split(separator: "_")
            stringValue = words.dropFirst().reduce(words.first.map { String($0) } ?? "") {
                $0 + $1.prefix(1).uppercased() + $1.dropFirst()
            }
        }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }
}
