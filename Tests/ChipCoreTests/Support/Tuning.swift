import ChipCore
import Physics

extension TestBench {
    var status: ChipStatus { chip.status(session: session, now: now) }

    /// The first tile of the chip's GTM.
    var gtmTile: Int { spec.firstTile(bank: spec.gtmBank!) }

    @discardableResult
    func programReference(_ target: ReferenceCommand.Target, microsiemens: Double = 0) throws
        -> ReferenceReport
    {
        let reply = try change(
            .programReference(ReferenceCommand(target: target, microsiemens: microsiemens)))
        guard case .referenceProgrammed(let report) = reply.result else { preconditionFailure() }
        return report
    }

    func readReference(repeats: Int = 1) throws -> ReferenceSum {
        let reply = try chip.sample(.readReference(repeats: repeats), work: work)
        guard case .reference(let sum) = reply.result else { preconditionFailure() }
        return sum
    }

    /// Products of unsigned codes, with the sums of the LTM columns unless they are not wanted.
    func multiplyWithLTM(
        _ matrix: UInt32, _ inputs: [UInt8], batch: Int = 1, includesLTM: Bool = true
    ) throws -> (values: [Float], product: ProductResult, cost: Cost) {
        let reply = try chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: matrix, inputs: .unsigned(inputs), batch: batch, transposed: false,
                    bitSerial: false, products: true, fullScaleMicroamperes: 0,
                    includesLTM: includesLTM)), work: work)
        guard case .product(let product) = reply.result, case .products(let values) = product.values
        else { preconditionFailure() }
        return (values, product, reply.cost)
    }

    /// Breaks something of one tile; what is broken there now.
    @discardableResult
    func fault(_ kind: FaultCommand.Kind, tile: Int, count: Int = 1, seed: UInt64 = 1) throws
        -> FaultRecord
    {
        _ = try chip.simulate(
            .fault(FaultCommand(kind: kind, tiles: [tile], amount: .count(count), seed: seed)),
            work: work)
        return store.snapshot.chip!.faults.first { $0.tile == tile }!
    }
}

/// Why something was refused; `nil`: it was not.
func refusal(_ body: () throws -> Void) throws -> ChipFault? {
    do {
        try body()
        return nil
    } catch let fault as ChipFault {
        return fault
    }
}
