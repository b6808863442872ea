/** Tests of the engine run on the clock on which `muster test` runs workflows. */
export {
  createVirtualClock as createFakeClock,
  VIRTUAL_START_MS as FAKE_START_MS,
  type VirtualClock as FakeClock,
} from "../../src/testing/clock.ts";
