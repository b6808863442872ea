import { deadLetterId } from "../run/dead-letter.ts";
import type { KeptLetter } from "../run/dead-letter.ts";
import type { Store } from "../store/store.ts";
import { UsageError } from "./exit-code.ts";

/** The letter that a person names by its id or the start of it. UsageError when there is none, or more than one. */
export function findLetter(store: Store, name: string): KeptLetter {
  const [first, second] = store.listDeadLetters().filter((letter) => deadLetterId(letter).startsWith(name));
  if (first === undefined)
    throw new UsageError(`there is no dead letter ${name}: 'muster dead-letters list' shows all`);
  if (second !== undefined) throw new UsageError(`${name} is the start of several dead letters: give more of it`);
  return first;
}
