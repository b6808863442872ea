import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/rig/muster/build.ts"],
    exclude: ["test/fault/**"],
    sequence: { shuffle: { tests: true, files: false } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // No source and no test keeps state at module level, so files can share what they import: a third of the time.
    isolate: false,
    reporters: ["default", "./test/rig/tally-reporter.ts"],
  },
});
