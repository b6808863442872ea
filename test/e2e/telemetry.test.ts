import { describe, expect } from "vitest";
import { story as base } from "../rig/muster/e2e.ts";
import { WebServer } from "../rig/web-server.ts";

const story = base.extend<{ collector: WebServer; web: WebServer }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  collector: async ({}, use) => {
    const collector = await WebServer.start();
    collector.reply(200, {});
    await use(collector);
    await collector.close();
  },
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  web: async ({}, use) => {
    const web = await WebServer.start();
    web.reply(200, "page");
    await use(web);
    await web.close();
  },
});

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly [type: string]: unknown } }[];
  readonly status: { readonly code?: number };
}

interface OtlpBody {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

const spansOf = (collector: WebServer): OtlpSpan[] =>
  collector.exchanges.flatMap(({ body }) =>
    (JSON.parse(body) as OtlpBody).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );

const attributesOf = ({ attributes }: OtlpSpan): { [key: string]: unknown } =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** The spans as a tree of names, in the order in which they started. */
function treeOf(spans: readonly OtlpSpan[], parent = ""): unknown[] {
  return spans
    .filter(({ parentSpanId = "" }) => parentSpanId === parent)
    .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)) || (a.name < b.name ? -1 : 1))
    .map((span) => {
      const inner = treeOf(spans, span.spanId);
      return inner.length === 0 ? span.name : [span.name, inner];
    });
}

const flow = (web: WebServer, more = ""): string => `
muster: 1
name: traced
version: 1.2.0
permissions: { network: ["127.0.0.1"], shell: any }
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast } }
${more}
steps:
  trace: { run: "printf %s $TRACEPARENT" }
  fetch: { http: { url: "${web.origin()}/page" }, needs: [trace] }
  group:
    needs: [fetch]
    for_each: [ant]
    steps:
      draft: { agent: writer, task: "Draft {{ item }}" }
    outputs: { text: "\${{ steps.draft.output }}" }
outputs: { parent: "\${{ steps.trace.output }}" }
`;

describe("OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  story(
    "run, steps, attempts and calls are spans of one trace, without content",
    async ({ fake, project, collector, web }) => {
      fake.on(/./, () => "secret-content");
      project.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.origin();
      project.write("flow.yaml", flow(web));
      const ended = await project.muster("run", "flow.yaml", "--run-id", "one", "--report", "report.json");
      expect(ended.code).toBe(0);
      expect(new Set(collector.exchanges.map(({ method, url }) => `${method} ${url}`))).toEqual(
        new Set(["POST /v1/traces"]),
      );
      const spans = spansOf(collector);
      expect(treeOf(spans)).toEqual([
        [
          "invoke_workflow traced",
          [
            ["step trace", ["attempt trace"]],
            ["step fetch", ["attempt fetch"]],
            ["step group", [["step group[0]/draft", [["invoke_agent writer", ["chat claude-haiku-5-5"]]]]]],
          ],
        ],
      ]);
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);

      const one = (name: string): OtlpSpan => spans.find((span) => span.name === name) as OtlpSpan;
      const chat = one("chat claude-haiku-5-5");
      expect(chat.kind).toBe(3);
      expect(attributesOf(chat)).toMatchObject({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-haiku-5-5",
        "gen_ai.response.model": "claude-haiku-5-5",
      });
      expect(Number(attributesOf(chat)["gen_ai.usage.output_tokens"])).toBeGreaterThan(0);
      expect(attributesOf(one("invoke_workflow traced"))).toMatchObject({
        "muster.run.id": "one",
        "muster.run.status": "succeeded",
        "muster.workflow.version": "1.2.0",
      });
      expect(JSON.stringify(collector.exchanges.map(({ body }) => body))).not.toMatch(/secret-content|Draft|printf/);

      // What a step asks others goes on in the same trace.
      const trace = one("attempt trace");
      expect((project.report().outputs as { parent: string }).parent).toBe(`00-${trace.traceId}-${trace.spanId}-01`);
      const fetched = one("attempt fetch");
      expect(web.exchanges[0]?.headers["traceparent"]).toBe(`00-${fetched.traceId}-${fetched.spanId}-01`);
    },
  );

  story(
    "a resume goes on in the trace of its run, and failures have their class",
    async ({ project, collector, web }) => {
      project.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = `${collector.origin()}/`;
      project.write("flow.yaml", "muster: 1\nname: two\nsteps:\n  a: { run: 'test -e there' }\n");
      expect((await project.muster("run", "flow.yaml", "--run-id", "one")).code).toBe(1);
      const first = spansOf(collector);
      const failed = first.find(({ name }) => name === "attempt a") as OtlpSpan;
      expect(failed.status.code).toBe(2);
      expect(attributesOf(failed)["error.type"]).toBe("exit/exit_1");
      project.write("there", "");
      expect((await project.muster("resume", "one")).code).toBe(0);
      const all = spansOf(collector);
      expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);
      expect(
        all.filter(({ name }) => name === "invoke_workflow two").map((span) => attributesOf(span)["muster.run.epoch"]),
      ).toEqual([1, 2]);
      expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(all.length);
      expect(web.exchanges).toEqual([]);
    },
  );

  story(
    "a manifest can name the collector; one that is not there changes nothing",
    async ({ fake, project, collector, web }) => {
      fake.on(/./, () => "text");
      project.write("flow.yaml", flow(web, `events: { otlp: "${collector.origin()}" }`));
      expect((await project.muster("run", "flow.yaml")).code).toBe(0);
      expect(spansOf(collector).map(({ name }) => name)).toContain("invoke_workflow traced");
      const before = collector.exchanges.length;
      project.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";
      const ended = await project.muster("run", "flow.yaml");
      expect(ended.code).toBe(0);
      expect(ended.stderr).not.toMatch(/ECONNREFUSED|otlp/i);
      expect(collector.exchanges).toHaveLength(before);
      expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
      delete project.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
      project.env["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=key";
      const refused = await project.muster("run", "flow.yaml");
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain("OTEL_EXPORTER_OTLP_HEADERS is for a collector of yours");
    },
  );
});
