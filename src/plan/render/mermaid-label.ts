import { oneLine } from "./format.ts";

/** Letters, digits and harmless signs as they are, all else as Mermaid's own `#code;`. */
export function mermaidLabel(label: string): string {
  return oneLine(label).replaceAll(/[^\p{L}\p{N} _.,:×-]/gu, (character) => `#${character.codePointAt(0)};`);
}
