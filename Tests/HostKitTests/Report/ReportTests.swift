import Foundation
import HostKit
import Plotting
import Testing

@Suite("Reports")
struct ReportTests {
    @Test func numbersAreReadable() {
        #expect(Format.percent(0.98765) == "98.77 %")
        #expect(Format.share(4.9e-6) == "0.00049 %")
        #expect(Format.share(1e-7) == "1e-05 %")
        #expect(Format.share(1) == "100 %")
        #expect(Format.count(1_234_567) == "1,234,567")
        #expect(Format.count(12) == "12")
        #expect(Format.energy(picojoules: 1_530_000) == "1.53 µJ")
        #expect(Format.latency(nanoseconds: 25_000_000) == "25.0 ms")
        #expect(Format.energy(picojoules: 0) == "0 J")
        #expect(Format.duration(3_725) == "1 h 02 min")
        #expect(Format.duration(80) == "1 min 20 s")
        #expect(Format.duration(0.25) == "250 ms")
        #expect(Format.duration(0) == "0 s")
    }

    /// The same images are counted before and after an adaptation.
    @Test func aCountThatBeginsAnewHasAPaceOfItsOwn() {
        let line = ProgressLine()
        for _ in 0 ..< 2 {
            #expect(line.pace(images: 10, of: 100) == nil)
            #expect(line.pace(images: 100, of: 100)?.hasSuffix(", 0 s left") == true)
        }
    }

    @Test func aHistogramCountsEveryValueOnce() {
        let histogram = Histogram([-1, 0, 0.1, 0.5, 1, 7], range: 0 ... 1, bins: 2)
        #expect(histogram.edges == [0, 0.5, 1])
        #expect(histogram.shares == [0.5, 0.5])
    }

    @Test func thePageIsWellFormedAndLoadsNothing() throws {
        let names =
            ["stage <0>", DemoStage.integers, DemoStage.writeVerify] + Demo.ages.map(\.name)
            + [DemoStage.restarted, DemoStage.adapted]
        let stages = names.enumerated().map {
            DemoStage(
                name: $1, accuracies: [0.9, 0.95], cost: $0 < 2 ? nil : ChipCost(pulses: 10))
        }
        let result = DemoResult(
            model: "lenet-8x8", testImages: "digits", chips: [1, 2], spec: "rram-2b",
            technology: "rram-2b",
            stages: stages, stateDigests: ["00", "11"], adaptedLayer: "conv1",
            adaptationImages: 512,
            wonBack: 0.5, adaptationCost: ChipCost(),
            provenance: DemoProvenance(lines: [.init("command", "hostagent demo")]), seconds: 1)
        var measurements = Demo.Measurements()
        measurements.onConductance = 20
        measurements.offConductance = 2
        measurements.levels = 4
        measurements.conductances = [2, 8, 14, 20]
        measurements.openLoopErrors = [0.1, -0.1]
        measurements.writeVerifyErrors = [0.01, -0.01]
        let html = DemoReport(result, measurements).html()
        #expect(!html.contains("http"))
        #expect(!html.contains("<script"))
        #expect(html.contains("stage &lt;0&gt;"))
        #expect(html.contains("chips of rram-2b, serials 1, 2."))
        #expect(html.contains("<td>command</td><td>hostagent demo</td>"))
        #expect(html.contains("prefers-color-scheme:dark"))
        #expect(html.components(separatedBy: "<svg").count == 4)
        // Everything inside each <svg> is XML.
        for part in html.components(separatedBy: "<svg").dropFirst() {
            let svg = "<svg" + part.components(separatedBy: "</svg>")[0] + "</svg>"
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            let opened = svg.components(separatedBy: "<text").count
            #expect(opened == svg.components(separatedBy: "</text>").count)
        }
        #expect(result.text.contains("won back 50 % of what drift had cost"))
    }
}
