/** Where the end of a text in braces is: the keys that lead there, and the word that is being written. */
export interface FlowPlace {
  readonly pointer: readonly (string | number)[];
  /** The word is a key, or the start of one. */
  readonly isKey: boolean;
  readonly word: string;
  /** Keys that the map around it has already. */
  readonly keys: readonly string[];
}

interface Level {
  readonly isMap: boolean;
  readonly keys: string[];
  /** In a map: the key whose value is being written. */
  key: string | null;
  position: number;
}

/** Looks at the text of a value up to the cursor: `{ any: [dra` is in `any`, entry 0, at the word `dra`. Never throws. */
export function flowAt(text: string): FlowPlace {
  const levels: Level[] = [];
  let word = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    const level = levels.at(-1);
    if ((character === '"' || character === "'") && word.trim() === "") {
      const end = text.indexOf(character, at + 1);
      word = text.slice(at + 1, end === -1 ? undefined : end);
      if (end === -1) break;
      at = end;
    } else if (character === "{" || character === "[") {
      levels.push({ isMap: character === "{", keys: [], key: null, position: 0 });
      word = "";
    } else if ((character === "}" || character === "]") && level !== undefined) {
      levels.pop();
      word = "";
    } else if (character === "," && level !== undefined) {
      level.key = null;
      level.position += 1;
      word = "";
    } else if (
      character === ":" &&
      level?.isMap === true &&
      level.key === null &&
      /^(?:\s|$)/.test(text.slice(at + 1))
    ) {
      level.key = word.trim();
      level.keys.push(level.key);
      word = "";
    } else word += character;
  }
  const top = levels.at(-1);
  const isKey = top?.isMap === true && top.key === null;
  const pointer = levels.flatMap((level) => (level.isMap ? (level.key ?? []) : level.position));
  return { pointer, isKey, word: word.trim(), keys: top?.keys ?? [] };
}
