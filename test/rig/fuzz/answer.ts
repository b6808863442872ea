import { expect } from "vitest";
import { diagnosticsToJson } from "../../../src/diagnostic/json.ts";
import { renderDiagnostics } from "../../../src/diagnostic/render.ts";
import { compile } from "../../../src/plan/compile.ts";
import { estimate } from "../../../src/plan/estimate.ts";
import { renderDot } from "../../../src/plan/render/dot.ts";
import { renderJson } from "../../../src/plan/render/json.ts";
import { renderMarkdown } from "../../../src/plan/render/markdown.ts";
import { renderMermaid } from "../../../src/plan/render/mermaid.ts";
import { renderSvg } from "../../../src/plan/render/svg.ts";
import { renderText } from "../../../src/plan/render/text.ts";
import type { Span } from "../../../src/diagnostic/source.ts";

/** How a manifest was answered. */
export interface Answer {
  readonly isValid: boolean;
  /** CPU time of this process, milliseconds: a busy machine does not make it longer. */
  readonly cpuMs: number;
}

/** Compiles a text and shows all that comes of it: nothing is thrown, and every diagnostic points into the file. */
export function answer(text: string): Answer {
  const before = process.cpuUsage();
  const source = { path: "w.yaml", text };
  const compiled = compile(source);
  if (!compiled.ok) throw new Error(compiled.error);
  const { diagnostics, plan } = compiled.value;
  expect(plan === null).toBe(diagnostics.some(({ severity }) => severity === "error"));

  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { span, message, related } of diagnostics) {
    expectSpan(span, lines);
    for (const other of related) expectSpan(other.span, lines);
    expect(message).not.toBe("");
  }
  const shown = renderDiagnostics(diagnostics, [source]);
  expect(shown === "").toBe(diagnostics.length === 0);
  JSON.stringify(diagnosticsToJson(diagnostics));
  if (plan !== null) {
    const told = estimate(plan);
    for (const render of [renderDot, renderJson, renderMermaid, renderSvg]) expect(render(plan, told)).not.toBe("");
    for (const render of [renderMarkdown, renderText]) expect(render(plan, told, "w.yaml")).not.toBe("");
  }
  const { user, system } = process.cpuUsage(before);
  return { isValid: plan !== null, cpuMs: (user + system) / 1000 };
}

function expectSpan({ line, column, endLine, endColumn }: Span, lines: number): void {
  expect(line, "line").toBeGreaterThanOrEqual(1);
  expect(column, "column").toBeGreaterThanOrEqual(1);
  expect(endLine, "end of the file").toBeLessThanOrEqual(lines);
  expect(endLine > line || (endLine === line && endColumn >= column), "the end is behind the start").toBe(true);
}
