internal import ChipCore
internal import Protocol

extension SampleCommand {
    /// A read or a product in the chip's terms, every number bounded.
    init(_ request: IncomingRequest, spec: ChipSpec) throws(WireError) {
        switch request.command {
        case .read(let read):
            try TensorArguments(request).finish()
            self = .read(try ReadCommand(read))
        case .multiply(let multiply):
            self = .multiply(
                try MultiplyCommand(multiply, request, dacBits: spec.converters.dacBits))
        case .referenceRead(let read):
            try TensorArguments(request).finish()
            let repeats = try FieldBounds.integer("repeats", read.repeats, 0 ... Limits.repeats)
            self = .readReference(repeats: max(1, repeats))
        default:
            preconditionFailure("\(request.command.traits.name) is no read or product")
        }
    }
}

extension ReadCommand {
    init(_ wire: WireRead) throws(WireError) {
        let repeats = try FieldBounds.integer("repeats", wire.repeats, 0 ... Limits.repeats)
        let source: Source
        if wire.ofTile {
            guard wire.matrix == 0 else {
                throw .field("matrix is \(wire.matrix), but of_tile is true; allowed: 0")
            }
            source = .tile(Int(wire.tile))
        } else {
            guard wire.tile == 0 else {
                throw .field("tile is \(wire.tile), but of_tile is false; allowed: 0")
            }
            source =
                wire.conductances
                ? .conductances(matrix: wire.matrix) : .weights(matrix: wire.matrix)
        }
        self.init(source: source, region: try Region(wire.region), repeats: max(1, repeats))
    }
}

extension MultiplyCommand {
    init(_ wire: WireMultiply, _ request: IncomingRequest, dacBits: Int) throws(WireError) {
        let products: Bool
        switch wire.output {
        case .codes: products = false
        case .products: products = true
        case .unspecified, .UNRECOGNIZED:
            throw .field(
                "output is \(wire.output.rawValue); allowed: 1 (codes), 2 (products)")
        }
        var tensors = TensorArguments(request)
        let (tensor, frame) = try tensors.take(
            "input codes", types: [.u8, .i8], unit: .code, rank: wire.hasWindow ? 4 : 2)
        try tensors.finish()
        let window = wire.hasWindow ? try InputWindow(wire.window, maps: tensor) : nil
        let batch = Int(tensor.shape[0]) * (window?.places ?? 1)
        guard batch <= Limits.batch else {
            throw .limit(
                "the batch has \(batch) vectors; the limit is \(Limits.batch)"
                    + (window.map { ": send at most \(Limits.batch / $0.places) maps" } ?? ""))
        }
        self.init(
            matrix: wire.matrix, inputs: try Self.inputs(tensor, frame, dacBits: dacBits),
            batch: batch, transposed: wire.transpose, bitSerial: wire.bitSerial,
            products: products,
            fullScaleMicroamperes: try FieldBounds.number(
                "adc_full_scale_ua", wire.adcFullScaleUa, 0 ... FieldBounds.fullScaleMax),
            includesLTM: wire.ltm, window: window)
    }

    private static func inputs(_ tensor: WireTensor, _ frame: Frame, dacBits: Int)
        throws(WireError) -> Inputs
    {
        let most = (1 << dacBits) - 1
        func refuse(_ index: Int, _ value: Int, _ least: Int) -> WireError {
            .tensor(
                "tensors[0] (input codes), element \(index), is \(value); a converter of "
                    + "\(dacBits) bits takes \(least) … \(most)")
        }
        if tensor.type == .u8 {
            let codes = frame.bytes
            if most < 255, let bad = codes.firstIndex(where: { Int($0) > most }) {
                throw refuse(bad, Int(codes[bad]), 0)
            }
            return .unsigned(codes)
        }
        let codes = TensorArguments.elements(frame, as: Int8.self)
        if most < 128, let bad = codes.firstIndex(where: { abs(Int($0)) > most }) {
            throw refuse(bad, Int(codes[bad]), -most)
        }
        return .signed(codes)
    }
}

extension InputWindow {
    /// - Precondition: `maps` is [batch, height, width, channels], without a 0.
    init(_ wire: WireWindow, maps: WireTensor) throws(WireError) {
        let (rows, columns) = (
            try Side(
                "height", size: Int(maps.shape[1]), kernel: wire.kernelHeight,
                stride: wire.strideHeight, padding: wire.paddingHeight),
            try Side(
                "width", size: Int(maps.shape[2]), kernel: wire.kernelWidth,
                stride: wire.strideWidth, padding: wire.paddingWidth)
        )
        self.init(rows: rows, columns: columns, channels: Int(maps.shape[3]))
        guard places <= Limits.batch else {
            throw .limit(
                "one map has \(places) places of the window; the limit is \(Limits.batch) vectors")
        }
    }
}

extension InputWindow.Side {
    fileprivate init(
        _ name: String, size: Int, kernel: UInt32, stride: UInt32, padding: UInt32
    ) throws(WireError) {
        let most = FieldBounds.kernelMax
        let stride = try FieldBounds.integer("window.stride_\(name)", stride, 1 ... most)
        let kernel = try FieldBounds.integer("window.kernel_\(name)", kernel, 1 ... most)
        // A window that sees nothing but padding would be a vector of zeros.
        let padding = try FieldBounds.integer("window.padding_\(name)", padding, 0 ... kernel - 1)
        guard kernel <= size + 2 * padding else {
            throw .field(
                "window.kernel_\(name) is \(kernel); allowed: 1 … \(size + 2 * padding), the "
                    + "\(name) of the padded map")
        }
        self.init(size: size, kernel: kernel, stride: stride, padding: padding)
    }
}
