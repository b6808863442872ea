import type { Estimate } from "../estimate.ts";
import type { Plan } from "../types.ts";
import type { Arrow } from "./box.ts";
import { oneLine } from "./format.ts";
import { noStatuses, statusColors, type GraphStatuses } from "./graph-status.ts";
import { pictureOf, type Picture, type PictureNode } from "./picture.ts";
import { BOX_HEIGHT, layOut, LONGEST_LABEL, type Place } from "./svg-layout.ts";

/**
 * The steps as an SVG picture without scripts, links or fonts of its own, ending in a line feed; groups and
 * sub-workflows are frames around their steps, a workflow that is used again is drawn once.
 */
export function renderSvg(plan: Plan, estimate: Estimate, statuses: GraphStatuses = noStatuses): string {
  const picture = pictureOf(plan, estimate);
  const { width, height, places } = layOut(plan, picture);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">`,
    `  <title>${escape(plan.workflow.name)}</title>`,
    "  <defs>",
    '    <marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#6b7280"/></marker>',
    "  </defs>",
    '  <rect width="100%" height="100%" fill="#ffffff"/>',
    ...scopeSvg(picture, places, statuses),
    "</svg>",
    "",
  ].join("\n");
}

/** Arrows lie under the boxes of their scope, and over the frame around it. */
function scopeSvg({ nodes, arrows }: Picture, places: readonly Place[], statuses: GraphStatuses): readonly string[] {
  const at = (index: number): Place => places[index] as Place;
  return [
    ...arrows.map((arrow) => arrowSvg(arrow, at)),
    ...nodes.flatMap((node, index) => [
      nodeSvg(node, at(index), statuses),
      ...(node.inside === null ? [] : scopeSvg(node.inside, at(index).inside, statuses)),
    ]),
  ];
}

function arrowSvg({ from, to, label }: Arrow, at: (index: number) => Place): string {
  const [start, end] = [at(from), at(to)];
  const [x1, y1, x2, y2] = [start.x + start.width, start.y + start.height / 2, end.x, end.y + end.height / 2];
  const dots = label === null ? "" : ' stroke-dasharray="3 3"';
  const line = `  <line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#9ca3af"${dots} marker-end="url(#arrow)"/>`;
  if (label === null) return line;
  return `${line}\n  <text x="${x2 - 8}" y="${y2 + (y1 <= y2 ? -6 : 14)}" text-anchor="end" font-size="10" fill="#6b7280">${label}</text>`;
}

function nodeSvg({ box, path, inside }: PictureNode, place: Place, statuses: GraphStatuses): string {
  const { title, subtitle, step, isConditional } = box;
  const { x, y, width, height } = place;
  const status = statuses.get(path);
  const { fill, stroke } = status === undefined ? { fill: "#f9fafb", stroke: "#6b7280" } : statusColors[status];
  const radius = step.body.kind === "agent" ? BOX_HEIGHT / 2 : 4;
  const middle = x + width / 2;
  const line = (text: string, dy: number, more: string): string =>
    `<text x="${middle}" y="${y + dy}" text-anchor="middle" ${more}>${escape(short(text))}</text>`;
  return [
    `  <g${status === undefined ? "" : ` class="${status}"`}>`,
    `    <title>${escape(`${title}: ${subtitle}${status === undefined ? "" : `, ${status}`}`)}</title>`,
    `    <rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}"${inside === null ? "" : ' fill-opacity="0.5"'} stroke="${stroke}"${isConditional ? ' stroke-dasharray="4 4"' : ""}/>`,
    `    ${line(title, 19, 'font-weight="bold" fill="#111827"')}`,
    `    ${line(subtitle, 34, 'font-size="10.5" fill="#4b5563"')}`,
    "  </g>",
  ].join("\n");
}

function short(label: string): string {
  const letters = [...label];
  return letters.length <= LONGEST_LABEL ? label : `${letters.slice(0, LONGEST_LABEL - 1).join("")}…`;
}

/** Text for XML 1.0: markup and quotes as entities, and none of the code points that no document may hold. */
function escape(text: string): string {
  return oneLine(text)
    .replaceAll(/[\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
