import type { Named, NormalManifest, NormalModel } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import type { PlannedModel } from "../types.ts";
import { AUTO_PROVIDER, autoNames, providerNames } from "../provider-name.ts";
import { declared } from "./declared.ts";

/** The most that a model may answer where the manifest says nothing, in tokens (SEMANTICS, "Budgets"). */
const DEFAULT_MAX_TOKENS = 8192;

/** Chains are finite and short: a longer one would be asked for hours before it gives up. */
const LONGEST_CHAIN = 32;
const DEEPEST_ALIAS = 32;

/** Turns names of models into what is asked: ids as they are, aliases into their chains. */
export class Models {
  readonly #manifest: NormalManifest;
  readonly #problems: Problems;
  readonly #names: readonly string[];
  readonly #secrets: ReadonlySet<string>;
  /** Done aliases; null while one is being resolved, to notice one that leads back to itself. */
  readonly #aliases = new Map<string, readonly PlannedModel[] | null>();
  #depth = 0;

  constructor(manifest: NormalManifest, problems: Problems) {
    this.#manifest = manifest;
    this.#problems = problems;
    this.#secrets = new Set(manifest.secrets);
    this.#names = Object.keys(manifest.models);
    for (const name of this.#names) this.#alias(name);
  }

  /** The chain of these names in order; a model that comes twice is kept where it comes first. */
  chain(names: readonly Named[], maxTokens: number | null): readonly PlannedModel[] {
    const chain = names.flatMap((name) => this.#named(name) ?? []);
    return unique(maxTokens === null ? chain : chain.map((model) => ({ ...model, maxTokens })));
  }

  /** What an agent asks when nobody says: whatever is found at the start of the run. */
  auto(maxTokens: number | null): readonly PlannedModel[] {
    const model = plainModel("auto");
    return [maxTokens === null ? model : { ...model, maxTokens }];
  }

  /** What stands for the model of an agent that a program drives. */
  driven(driver: string, agent: string): PlannedModel {
    return plainModel(`${driver}/${agent}`);
  }

  #alias(name: string): readonly PlannedModel[] | null {
    const done = this.#aliases.get(name);
    if (done !== undefined) return done;
    this.#aliases.set(name, null);
    const chain = this.#depth < DEEPEST_ALIAS ? this.#resolve(name) : [];
    const isTooLong = chain.length > LONGEST_CHAIN;
    if (isTooLong || this.#depth >= DEEPEST_ALIAS) {
      this.#problems.error(["models", name], {
        code: "WF3014",
        message: isTooLong
          ? `model '${name}' is a chain of ${chain.length} models, more than ${LONGEST_CHAIN}`
          : `model '${name}' is reached through more than ${DEEPEST_ALIAS} other aliases`,
        help: "name the models themselves",
        piece: "key",
      });
    }
    this.#aliases.set(name, isTooLong ? [] : chain);
    return isTooLong ? [] : chain;
  }

  #resolve(name: string): readonly PlannedModel[] {
    this.#depth += 1;
    const chain = unique((this.#manifest.models[name] ?? []).flatMap((entry) => this.#entry(name, entry)));
    this.#depth -= 1;
    return chain;
  }

  #secretHelp(name: string): string {
    const { secrets } = this.#manifest;
    const meant = this.#problems.suggest(name, secrets);
    return meant === null ? `declare it under \`secrets\`${declared(secrets)}` : `did you mean '${meant}'?`;
  }

  #entry(alias: string, entry: NormalModel): readonly PlannedModel[] {
    if (entry.apiKeySecret !== null && !this.#secrets.has(entry.apiKeySecret)) {
      this.#problems.error(["models", alias, "api_key"], {
        code: "WF3008",
        message: `model '${alias}' takes the secret '${entry.apiKeySecret}', which is not declared`,
        help: this.#secretHelp(entry.apiKeySecret),
      });
    }
    const chain = this.#named(entry.model);
    if (chain === null) {
      this.#problems.error(entry.model.pointer, {
        code: "WF3006",
        message: `model '${alias}' is made of itself`,
        help: "name at least one id such as anthropic/claude-haiku-5-5 instead",
      });
      return [];
    }
    if (
      (entry.baseUrl !== null || entry.apiKeySecret !== null) &&
      chain.some(({ provider }) => provider === AUTO_PROVIDER)
    ) {
      this.#problems.error(entry.model.pointer, {
        code: "WF3027",
        message: `model '${alias}' has an address or a key of its own, and leaves the model to \`auto\``,
        help: "`auto` is found with its address and key; name the model that is meant instead",
      });
    }
    return chain.map((model) => ({
      ...model,
      baseUrl: entry.baseUrl ?? model.baseUrl,
      apiKeySecret: entry.apiKeySecret ?? model.apiKeySecret,
      maxTokens: entry.maxTokens ?? model.maxTokens,
      temperature: entry.temperature ?? model.temperature,
      effort: entry.effort ?? model.effort,
      price: entry.price ?? model.price,
    }));
  }

  /** null = an alias that is being resolved right now; empty = unknown, and reported. */
  #named({ name, pointer }: Named): readonly PlannedModel[] | null {
    if (Object.hasOwn(this.#manifest.models, name)) {
      return this.#alias(name);
    }
    if ((autoNames as readonly string[]).includes(name)) return [plainModel(name)];
    const slash = name.indexOf("/");
    if (slash > 0 && slash < name.length - 1) return this.#ofProvider(name, slash, pointer);
    const meant = this.#problems.suggest(name, this.#names);
    this.#problems.error(pointer, {
      code: "WF3004",
      message: `unknown model '${name}'`,
      help:
        meant !== null
          ? `did you mean '${meant}'?`
          : `declare it under \`models\`, or write an id such as anthropic/claude-haiku-5-5${declared(this.#names)}`,
    });
    return [];
  }

  #ofProvider(id: string, slash: number, pointer: Named["pointer"]): readonly PlannedModel[] {
    const provider = id.slice(0, slash);
    if ((providerNames as readonly string[]).includes(provider)) return [plainModel(id)];
    const isAuto = provider === AUTO_PROVIDER;
    const meant = this.#problems.suggest(isAuto ? id : provider, isAuto ? autoNames : providerNames);
    this.#problems.error(pointer, {
      code: "WF3028",
      message: isAuto ? `unknown choice '${id}'` : `unknown provider '${provider}' of model '${id}'`,
      help:
        meant !== null
          ? `did you mean '${isAuto ? meant : `${meant}/${id.slice(slash + 1)}`}'?`
          : isAuto
            ? `there are ${autoNames.join(", ")}`
            : `there are ${providerNames.join(", ")}; any OpenAI-compatible endpoint is ` +
              `\`{ model: openai/${id.slice(slash + 1)}, base_url: https://... }\``,
    });
    return [];
  }
}

/** The model of an id; what is behind `auto` is not known yet. */
function plainModel(id: string): PlannedModel {
  const [provider = "", ...rest] = id.split("/");
  return {
    id,
    provider,
    model: rest.length === 0 ? "default" : rest.join("/"),
    baseUrl: null,
    apiKeySecret: null,
    maxTokens: DEFAULT_MAX_TOKENS,
    temperature: null,
    effort: null,
    price: null,
  };
}

/** The same model with the same settings twice would only be asked again for the same failure. */
function unique(chain: readonly PlannedModel[]): readonly PlannedModel[] {
  if (chain.length < 2) return chain;
  const seen = new Set<string>();
  return chain.filter((model) => {
    const key = JSON.stringify(model);
    return !seen.has(key) && seen.add(key);
  });
}
