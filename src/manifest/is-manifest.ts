import { isJsonObject } from "../util/json.ts";
import { readDocument } from "./read.ts";
import { yamlLibrary } from "./yaml-library.ts";

/** Whether a path, or the name of a file, is that of a YAML file. */
export function isYamlName(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/**
 * The key `muster` at the top marks a manifest among other YAML files, however it is spelled, and whether the rest can
 * be read or not. Only a text in which the word is somewhere, but not at the start of a line, is parsed.
 */
export function isManifest(text: string): boolean {
  if (/^\uFEFF?(["']?)muster\1[ \t]*:/m.test(text)) return true;
  return mayHoldTheKey(text) && hasTheKey(text);
}

function mayHoldTheKey(text: string): boolean {
  if (/(?<!\w)muster(?!\w)/.test(text)) return true;
  // In double quotes each letter may be written by its number, and a line may end anywhere where a key may have several.
  if (/\\(?:x|u00|U000000)(?:6[5dD]|7[2345])/.test(text)) return true;
  return /\\\r?\n/.test(text) && /^\uFEFF?(?:---)?[ \t]*[?{]/m.test(text);
}

function hasTheKey(text: string): boolean {
  const document = readDocument({ path: "", text });
  if (document.ok) return isJsonObject(document.value.data) && Object.hasOwn(document.value.data, "muster");
  const { isMap, isScalar, parseDocument } = yamlLibrary();
  try {
    // What is left of a broken one.
    const { contents } = parseDocument(text, { logLevel: "silent" });
    return isMap(contents) && contents.items.some(({ key }) => isScalar(key) && key.value === "muster");
  } catch {
    // Nested deeper than the parser goes: nothing takes it.
    return false;
  }
}
