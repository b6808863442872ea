import { defineConfig } from "vitest/config";

/** `npm run test:faults`: what takes minutes and is not part of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/fault/**/*.test.ts"],
    globalSetup: ["./test/rig/muster/build.ts"],
    sequence: { shuffle: { tests: true, files: false } },
    testTimeout: 600_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default", "./test/rig/tally-reporter.ts"],
  },
});
