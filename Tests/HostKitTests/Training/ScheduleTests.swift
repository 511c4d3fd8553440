import HostKit
import Testing

@Suite("Learning rates")
struct ScheduleTests {
    @Test func theRateRisesThenFalls() {
        for shape in RateShape.allCases {
            let schedule = Schedule(shape, rate: 2, warmUpSteps: 4, steps: 12)
            #expect((0 ..< 4).map(schedule.rate(at:)) == [0.5, 1, 1.5, 2])
            #expect(schedule.rate(at: 4) == 2)
        }
        let cosine = Schedule(.cosine, rate: 2, warmUpSteps: 4, steps: 12)
        #expect(abs(cosine.rate(at: 8) - 1) < 1e-12)
        #expect(abs(cosine.rate(at: 12)) < 1e-12)
        let linear = Schedule(.linear, rate: 2, warmUpSteps: 4, steps: 12)
        #expect((8 ... 12).map(linear.rate(at:)) == [1, 0.75, 0.5, 0.25, 0])
        let step = Schedule(.step, rate: 2, warmUpSteps: 0, steps: 8)
        #expect((0 ..< 8).map(step.rate(at:)) == [2, 2, 2, 2, 0.2, 0.2, 0.02, 0.02])
    }
}
