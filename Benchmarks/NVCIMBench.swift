import CFloor
import ChipServer
import Foundation

/// `nvcim-bench [CASE…]`: prints one JSON object a line for each case, all without arguments.
@main
enum NVCIMBench {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("nvcim-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) throws {
        if arguments.first == "--echo" { try echo(arguments) }
        if arguments == ["--train"] { return try TrainCase.serve() }
        HeapPolicy.keepBlocks()
        let isAsked = { (name: String) in arguments.isEmpty || arguments.contains(name) }
        for batch in ChipCases.batches where isAsked(ChipCases.name(batch: batch)) {
            try ChipCases.multiply(batch: batch)
        }
        if isAsked(ChipCases.name(batch: ChipCases.wiredBatch, isWired: true)) {
            try ChipCases.multiply(batch: ChipCases.wiredBatch, isWired: true)
        }
        if isAsked("program-open-loop") { try ChipCases.programOpenLoop() }
        if isAsked("program-write-verify") { try ChipCases.programWriteVerify() }
        if isAsked("disk-bytes-per-cell") || isAsked("memory-bytes-per-cell") {
            try ChipCases.sizes()
        }
        for side in WiresCases.sides where isAsked("wires-\(side)") {
            try WiresCases.solve(side: side)
        }
        if WireCases.names.contains(where: isAsked) { try WireCases.run(isAsked) }
        for test in InferCases.cases where isAsked(test.name) { try InferCases.run(test) }
        if isAsked(TrainCase.name) { try TrainCase.run() }
    }

    /// The floor's server, a process like the daemon.
    private static func echo(_ arguments: [String]) throws -> Never {
        guard arguments.count == 4, let bytes = Int(arguments[2]), let count = Int(arguments[3])
        else { throw BenchFault("usage: --echo ENDPOINT BYTES COUNT") }
        let reply = [UInt8](repeating: 0x5A, count: bytes)
        exit(floor_echo_serve(arguments[1], reply, bytes, count) == 0 ? 0 : 1)
    }
}
