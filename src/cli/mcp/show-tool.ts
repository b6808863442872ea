import { findRun, openForReading } from "../find-run.ts";
import { readStoredRun } from "../stored-run.ts";
import type { McpHost, McpTool } from "./host.ts";
import { waitOf, waitProperty } from "./run-tool.ts";
import { waitsOf } from "./short-report.ts";

/** `muster show --json` */
export function showTool(host: McpHost): McpTool {
  return {
    name: "show_run",
    title: "Show a run",
    description:
      "A run of this project with its steps, outputs, failures, use and cost; the newest where none is named. With wait_seconds it waits for the end of one that this server runs.",
    properties: {
      run_id: { type: "string", description: "The id of the run, or the start of it" },
      wait_seconds: { ...waitProperty.wait_seconds, description: "How long to wait for its end. Default 0" },
    },
    isReadOnly: true,
    async call(given, call) {
      const { run_id: named } = given as { readonly run_id?: string };
      const summary = () => {
        const store = openForReading(host.project);
        return { store, run: findRun(store, named) };
      };
      const first = summary();
      const { runId } = first.run;
      first.store.close();
      await host.runs.wait(runId, waitOf(given, 0), call.signal);
      const { store, run } = summary();
      try {
        const report = readStoredRun(store, run, host.project).report();
        const waits = waitsOf(host, runId);
        return { ...report, ...(waits.length === 0 ? {} : { waits_for: waits }) };
      } finally {
        store.close();
      }
    },
  };
}
