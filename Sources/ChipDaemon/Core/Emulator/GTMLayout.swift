import Physics

/// Where the cells of the GTM lie: column after column, tile after tile, the last column perhaps
/// not full (T-1).
struct GTMLayout {
    /// Some columns of a tile, in the rows from 0.
    struct Block {
        var tile: Int
        var columns: Range<Int>
        var rows: Int
    }

    let bank: BankSpec
    /// Full columns of each tile, and the last column where it is not full.
    let blocks: [Block]

    /// - Precondition: the bank is a GTM.
    init(_ bank: BankSpec, firstTile: Int) {
        precondition(bank.isGTM)
        self.bank = bank
        let (full, rest) = bank.gtmCells.quotientAndRemainder(dividingBy: bank.rows)
        var blocks = stride(from: 0, to: full, by: bank.columns).map { first in
            Block(
                tile: firstTile + first / bank.columns,
                columns: 0 ..< min(bank.columns, full - first), rows: bank.rows)
        }
        if rest > 0 {
            let column = full % bank.columns
            blocks.append(
                Block(
                    tile: firstTile + full / bank.columns, columns: column ..< column + 1,
                    rows: rest))
        }
        self.blocks = blocks
    }

    /// Cells of a block, as its tile numbers them.
    func cells(_ block: Block) -> [Int32] {
        (0 ..< block.rows).flatMap { row in
            block.columns.map { Int32(row * bank.bitLines + $0) }
        }
    }
}

extension Worker {
    func gtm() throws(ChipFault) -> GTMLayout {
        guard let index = spec.gtmBank else {
            throw ChipFault(.notFound, .noSuchBank, .never, "the chip has no GTM")
        }
        return GTMLayout(spec.banks[index], firstTile: spec.firstTile(bank: index))
    }
}
