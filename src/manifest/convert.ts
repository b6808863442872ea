import type { Alias, Node, Pair, YAMLMap } from "yaml";
import type { Json } from "../util/json.ts";
import { DEEPEST_NESTING, tooDeep, unknownTag, unquotedBraces, type SyntaxProblem } from "./syntax-error.ts";
import { yamlLibrary } from "./yaml-library.ts";

/** Nodes that aliases may add over all of a file: far more than a person writes, far less than a bomb makes. */
const MOST_ALIASED_NODES = 100_000;

/** A problem at offsets of the source, with the offsets of another place that belongs to it. */
export interface ConversionProblem extends SyntaxProblem {
  readonly range: readonly [number, number];
  readonly related: { readonly range: readonly [number, number]; readonly message: string } | null;
}

export interface Conversion {
  readonly data: Json;
  readonly anchors: ReadonlyMap<Alias, Node>;
  readonly problems: readonly ConversionProblem[];
}

/** Turns a syntax tree into plain data in time linear in the tree; data of an anchor is shared by its aliases. */
export function convert(root: Node, text: string): Conversion {
  const converter = new Converter(text);
  const data = converter.convert(root, 0).data;
  return { data, anchors: converter.anchors, problems: converter.problems };
}

/** Data with the number of nodes it has when all aliases in it are written out. */
interface Converted {
  readonly data: Json;
  readonly nodes: number;
}

const nothing: Converted = { data: null, nodes: 1 };

class Converter {
  readonly anchors = new Map<Alias, Node>();
  readonly problems: ConversionProblem[] = [];
  readonly #text: string;
  readonly #yaml = yamlLibrary();
  /** The newest node of each anchor name; without data while it is being converted. */
  readonly #anchored = new Map<string, { readonly node: Node; converted: Converted | null }>();
  #aliasedNodes = 0;
  #gaveUp = false;

  constructor(text: string) {
    this.#text = text;
  }

  convert(node: Node | null, depth: number): Converted {
    if (node === null || this.#gaveUp) return nothing;
    if (depth > DEEPEST_NESTING) return this.#giveUp(node, tooDeep);
    if (this.#yaml.isAlias(node)) return this.#convertAlias(node);
    const name = (node as { anchor?: string }).anchor;
    if (name === undefined) return this.#convertContent(node, depth);
    const entry = { node, converted: null as Converted | null };
    this.#anchored.set(name, entry);
    entry.converted = this.#convertContent(node, depth);
    return entry.converted;
  }

  #convertContent(node: Node, depth: number): Converted {
    if (this.#yaml.isMap(node)) return this.#convertMap(node, depth);
    if (this.#yaml.isSeq(node)) {
      const items = node.items.map((item) => this.convert(item as Node | null, depth + 1));
      return { data: items.map((item) => item.data), nodes: items.reduce((sum, item) => sum + item.nodes, 1) };
    }
    return { data: this.#yaml.isScalar(node) ? this.#scalar(node, node.value) : null, nodes: 1 };
  }

  #scalar(node: Node, value: unknown): Json {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) {
        this.#report(node, {
          code: "WF1012",
          message: "this number has no value that JSON knows",
          help: "write it in quotes if it is a text",
        });
      } else if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(this.#source(node))) {
        this.#report(node, {
          code: "WF1012",
          message: "this number is too large to be kept exactly",
          help: `write it in quotes: "${this.#source(node)}"`,
        });
      }
      return value;
    }
    return typeof value === "string" || typeof value === "boolean" ? value : null;
  }

  #convertMap(map: YAMLMap, depth: number): Converted {
    if (map.tag === "tag:yaml.org,2002:set") this.#report(map, unknownTag);
    const seen = new Map<string, Node>();
    const entries: [string, Json][] = [];
    let nodes = 1;
    for (const pair of map.items) {
      const key = this.#key(map, pair);
      const value = this.convert(pair.value as Node | null, depth + 1);
      nodes += value.nodes + 1;
      if (key === null) continue;
      const first = seen.get(key);
      if (first) {
        const help = "keep one of them";
        this.#report(
          pair.key as Node,
          { code: "WF1004", message: `the key '${key}' is written twice`, help },
          { node: first, message: "here for the first time" },
        );
        continue;
      }
      seen.set(key, pair.key as Node);
      entries.push([key, value.data]);
    }
    // fromEntries makes own properties of all keys, `__proto__` too.
    return { data: Object.fromEntries(entries), nodes };
  }

  /** The key of a pair; null when it has none that can be used, which is reported. */
  #key(map: YAMLMap, pair: Pair): string | null {
    const node = pair.key as Node | null;
    if (!this.#yaml.isScalar(node) || typeof node.value !== "string") {
      this.#report(node ?? map, this.#keyProblem(map, node));
      return null;
    }
    if (node.value === "<<" && node.type === "PLAIN") {
      this.#report(node, {
        code: "WF1005",
        message: "merge keys (`<<`) are not part of the language",
        help: "what many steps share goes under `defaults`; a whole value can be shared by an alias",
      });
      return null;
    }
    return node.value;
  }

  #keyProblem(map: YAMLMap, key: Node | null): SyntaxProblem {
    const message = "a key must be a text";
    if (this.#source(map).startsWith("{{")) return unquotedBraces;
    if (this.#yaml.isScalar(key) && this.#source(key) !== "")
      return { code: "WF1006", message, help: `write it in quotes: "${this.#source(key)}"` };
    return { code: "WF1006", message, help: null };
  }

  #convertAlias(alias: Alias): Converted {
    const anchored = this.#anchored.get(alias.source);
    if (!anchored) {
      this.#report(alias, {
        code: "WF1007",
        message: `the alias '*${alias.source}' has no anchor '&${alias.source}' above it`,
        help: "a text that starts with `*` goes in quotes",
      });
      return nothing;
    }
    if (!anchored.converted) {
      this.#report(alias, {
        code: "WF1007",
        message: `the alias '*${alias.source}' stands inside its own anchor`,
        help: "a value cannot contain itself",
      });
      return nothing;
    }
    this.anchors.set(alias, anchored.node);
    this.#aliasedNodes += anchored.converted.nodes;
    if (this.#aliasedNodes > MOST_ALIASED_NODES) {
      return this.#giveUp(alias, {
        code: "WF1007",
        message: `the aliases of this file expand to more than ${MOST_ALIASED_NODES} values`,
        help: "use fewer aliases inside of anchors",
      });
    }
    return anchored.converted;
  }

  #giveUp(node: Node, problem: SyntaxProblem): Converted {
    this.#gaveUp = true;
    this.#report(node, problem);
    return nothing;
  }

  #source(node: Node): string {
    return this.#text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
  }

  #report(node: Node, problem: SyntaxProblem, related?: { node: Node; message: string }): void {
    this.problems.push({
      ...problem,
      range: rangeOf(node),
      related: related ? { range: rangeOf(related.node), message: related.message } : null,
    });
  }
}

const rangeOf = (node: Node): readonly [number, number] => [node.range?.[0] ?? 0, node.range?.[1] ?? 0];
