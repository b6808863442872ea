import { displayWidth } from "../../diagnostic/printable.ts";
import { graphOf, wavesOf } from "../graph.ts";
import type { PlannedScope } from "../types.ts";
import type { Box } from "./box.ts";

/** Sizes in pixels. */
export const BOX_HEIGHT = 44;
const GAP_DOWN = 16;
const GAP_ACROSS = 72;
const MARGIN = 24;
/** Of the fixed-width letters of the labels. */
export const LETTER_WIDTH = 7.3;
const PADDING = 12;
/** Letters of a label that are shown. */
export const LONGEST_LABEL = 30;

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface SvgLayout {
  readonly width: number;
  readonly height: number;
  readonly boxWidth: number;
  /** The upper left corner of each box, by position of its step. */
  readonly places: readonly Place[];
}

/**
 * Waves as columns from left to right. Inside a column a step stands about where the steps stand that it waits for, so
 * that arrows cross little; ties go to the order of the file. Columns are centred. The same for the same plan.
 */
export function layOut(scope: PlannedScope, boxes: readonly Box[]): SvgLayout {
  const longest = boxes.reduce(
    (most, { title, subtitle }) => Math.max(most, displayWidth(title), displayWidth(subtitle)),
    8,
  );
  const boxWidth = Math.ceil(Math.min(longest, LONGEST_LABEL) * LETTER_WIDTH) + 2 * PADDING;
  const graph = graphOf(scope);
  const waves = wavesOf(scope);
  const most = waves.reduce((count, wave) => Math.max(count, wave.length), 0);
  const height = 2 * MARGIN + Math.max(0, most * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN);
  const places: Place[] = [];
  waves.forEach((wave, column) => {
    const top = (height - (wave.length * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN)) / 2;
    const wanted = new Map(wave.map((index) => [index, meanHeight(graph[index] ?? [], places, height / 2)]));
    const ordered = [...wave].sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || a - b);
    ordered.forEach((index, row) => {
      places[index] = { x: MARGIN + column * (boxWidth + GAP_ACROSS), y: top + row * (BOX_HEIGHT + GAP_DOWN) };
    });
  });
  return {
    width: 2 * MARGIN + Math.max(0, waves.length * (boxWidth + GAP_ACROSS) - GAP_ACROSS),
    height,
    boxWidth,
    places,
  };
}

function meanHeight(needs: readonly number[], places: readonly Place[], otherwise: number): number {
  const heights = needs.flatMap((need) => places[need]?.y ?? []);
  return heights.length === 0 ? otherwise : heights.reduce((sum, y) => sum + y, 0) / heights.length;
}
