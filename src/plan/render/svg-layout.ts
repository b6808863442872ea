import { displayWidth } from "../../diagnostic/printable.ts";
import { graphOf, wavesOf } from "../graph.ts";
import { EMPTY_SCOPE, type Plan, type PlannedScope } from "../types.ts";
import type { Picture, PictureNode } from "./picture.ts";

/** Sizes in pixels. */
export const BOX_HEIGHT = 44;
const GAP_DOWN = 16;
const GAP_ACROSS = 72;
/** Around the whole picture, and around the steps in a frame. */
const MARGIN = 24;
const FRAME_MARGIN = 16;
/** Of the fixed-width letters of the labels. */
export const LETTER_WIDTH = 7.3;
const PADDING = 12;
/** Letters of a label that are shown. */
export const LONGEST_LABEL = 30;

/** A box, or a frame with what is inside; `x` and `y` of its upper left corner in the whole picture. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** By position of its steps; empty for a box. */
  readonly inside: readonly Place[];
}

export interface SvgLayout {
  readonly width: number;
  readonly height: number;
  /** By position of its step. */
  readonly places: readonly Place[];
}

/**
 * Waves as columns from left to right. Inside a column a step stands about where the steps stand that it waits for, so
 * that arrows cross little; ties go to the order of the file. Columns are centred. A group is a frame that is as large
 * as what is inside. The same for the same plan.
 */
export function layOut(plan: Plan, picture: Picture): SvgLayout {
  return layOutScope(plan, plan.scopes[0] ?? EMPTY_SCOPE, picture, MARGIN);
}

function layOutScope(plan: Plan, scope: PlannedScope, { nodes }: Picture, margin: number): SvgLayout {
  const letters = nodes.reduce((most, node) => Math.max(most, lettersOf(node)), 8);
  const boxWidth = Math.ceil(letters * LETTER_WIDTH) + 2 * PADDING;
  const sizes = nodes.map((node): SvgLayout => sizeOf(plan, node, boxWidth));
  const sizeAt = (index: number): SvgLayout => sizes[index] as SvgLayout;
  const graph = graphOf(scope);
  const waves = wavesOf(scope);
  const heightOf = (wave: readonly number[]): number =>
    wave.reduce((sum, index) => sum + sizeAt(index).height + GAP_DOWN, -GAP_DOWN);
  const height = 2 * margin + waves.reduce((most, wave) => Math.max(most, heightOf(wave)), 0);
  const places: Place[] = [];
  let x = margin;
  for (const wave of waves) {
    let y = (height - heightOf(wave)) / 2;
    const wanted = new Map(wave.map((index) => [index, meanHeight(graph[index] ?? [], places, height / 2)]));
    const ordered = [...wave].sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || a - b);
    for (const index of ordered) {
      const { places: inside, ...size } = sizeAt(index);
      // What is inside was laid out as if the frame began at the corner of the picture.
      places[index] = { x, y, ...size, inside: inside.map((place) => moved(place, x, y)) };
      y += size.height + GAP_DOWN;
    }
    x += wave.reduce((most, index) => Math.max(most, sizeAt(index).width), 0) + GAP_ACROSS;
  }
  return { width: Math.max(2 * margin, x - GAP_ACROSS + margin), height, places };
}

function sizeOf(plan: Plan, { box, inside }: PictureNode, boxWidth: number): SvgLayout {
  const { body } = box.step;
  if (inside === null || !("scope" in body) || typeof body.scope !== "number")
    return { width: boxWidth, height: BOX_HEIGHT, places: [] };
  const { width, height, places } = layOutScope(plan, plan.scopes[body.scope] ?? EMPTY_SCOPE, inside, FRAME_MARGIN);
  return {
    width: Math.max(width, boxWidth),
    // The label stands where the margin at the top would be.
    height: height + BOX_HEIGHT - FRAME_MARGIN,
    places: places.map((place) => moved(place, 0, BOX_HEIGHT - FRAME_MARGIN)),
  };
}

function lettersOf({ box: { title, subtitle } }: PictureNode): number {
  return Math.min(Math.max(displayWidth(title), displayWidth(subtitle)), LONGEST_LABEL);
}

function moved(place: Place, right: number, down: number): Place {
  return {
    ...place,
    x: place.x + right,
    y: place.y + down,
    inside: place.inside.map((inner) => moved(inner, right, down)),
  };
}

function meanHeight(needs: readonly number[], places: readonly Place[], otherwise: number): number {
  const heights = needs.flatMap((need) => {
    const place = places[need];
    return place === undefined ? [] : place.y + (place.height - BOX_HEIGHT) / 2;
  });
  return heights.length === 0 ? otherwise : heights.reduce((sum, y) => sum + y, 0) / heights.length;
}
