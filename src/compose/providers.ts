import { modelsOf } from "../plan/step-digest.ts";
import { isDriver, type ProviderName } from "../plan/provider-name.ts";
import { modelsOfChildren } from "../plan/team.ts";
import { workersOf, type Plan, type PlannedModel } from "../plan/types.ts";
import { createAnthropicBatchProvider } from "../provider/anthropic/batch.ts";
import { createAnthropicProvider } from "../provider/anthropic.ts";
import { createOpenaiProvider } from "../provider/openai.ts";
import { isOpenai } from "../provider/openai/dialect.ts";
import { createOllamaProvider } from "../provider/openai/ollama.ts";
import { ollamaAddress } from "../provider/openai/ollama-host.ts";
import type { Provider } from "../provider/provider.ts";
import type { Clock } from "../util/clock.ts";
import { InternalError } from "../util/internal-error.ts";
import type { Environment } from "./environment.ts";

/** How a provider is reached: its SDK's variables, and what it needs. */
interface ProviderKind {
  /** null = it has no usual key. */
  readonly keyVariable: string | null;
  readonly addressVariable: string;
  /** The address needs a key; null is the provider's own. */
  needsKey(baseUrl: string | null): boolean;
  /** The provider itself, to whom its usual key may go wherever the address was written. */
  isOwn(host: string): boolean;
  create(options: Access): Provider;
  /** Through its batch endpoint; null = it has none. */
  readonly createBatch: ((options: Access) => Provider) | null;
}

interface Access {
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
  readonly clock: Clock;
}

const kinds: { readonly [name in ProviderName]: ProviderKind } = {
  anthropic: {
    keyVariable: "ANTHROPIC_API_KEY",
    addressVariable: "ANTHROPIC_BASE_URL",
    needsKey: () => true,
    isOwn: (host) => host === "api.anthropic.com",
    create: ({ apiKey, ...options }) => createAnthropicProvider({ apiKey: apiKey ?? "", ...options }),
    createBatch: ({ apiKey, ...options }) => createAnthropicBatchProvider({ apiKey: apiKey ?? "", ...options }),
  },
  openai: {
    keyVariable: "OPENAI_API_KEY",
    addressVariable: "OPENAI_BASE_URL",
    needsKey: (baseUrl) => baseUrl === null || isOpenai(hostOf(baseUrl)),
    isOwn: isOpenai,
    create: createOpenaiProvider,
    createBatch: null,
  },
  ollama: {
    keyVariable: null,
    addressVariable: "OLLAMA_HOST",
    needsKey: () => false,
    isOwn: () => false,
    create: ({ baseUrl, ...options }) =>
      createOllamaProvider({ address: baseUrl ?? ollamaAddress(undefined), ...options }),
    createBatch: null,
  },
};

/** What models of the plan need and the environment does not have: a sentence for each key. */
export function missingKeys(plan: Plan, env: Environment): readonly string[] {
  /** Who needs each usual key. */
  const lacking = new Map<string, Set<string>>();
  const sentences = new Set<string>();
  const asked = plan.scopes.flatMap(({ steps }) =>
    steps.flatMap((step) => [...modelsOf(plan, step), ...modelsOfChildren(plan.agents, workersOf(step))]),
  );
  for (const model of asked) {
    const kind = kindOf(model);
    if (isDriver(model.provider)) continue;
    // A key by `api_key` is a secret, and those are looked at apart.
    if (model.apiKeySecret !== null) continue;
    const { baseUrl, apiKey } = accessTo(model, env, {});
    if (apiKey !== null || !kind.needsKey(baseUrl)) continue;
    if (kind.keyVariable !== null && takesUsualKey(model, kind, env))
      lacking.set(kind.keyVariable, (lacking.get(kind.keyVariable) ?? new Set()).add(model.id));
    else
      sentences.add(
        `${model.id} at ${hostOf(model.baseUrl ?? "")} needs a key of its own: give the model \`api_key\` (${kind.keyVariable} goes to no address that a manifest names)`,
      );
  }
  const unset = [...lacking].map(
    ([key, models]) =>
      `${[...models].join(", ")} need${models.size === 1 ? "s" : ""} ${key}, which is not set: export it, or answer from a recording with --replay FILE`,
  );
  return [...unset, ...sentences];
}

/**
 * Who answers for a model, through its batch endpoint or not: one provider for each key and address, made when it is
 * first asked for.
 */
export function liveProviders(
  env: Environment,
  secrets: { readonly [name: string]: string },
  clock: Clock,
  isBatch = false,
): (model: PlannedModel) => Provider {
  const made = new Map<string, Provider>();
  return (model) => {
    const access = accessTo(model, env, secrets);
    const name = JSON.stringify([model.provider, access.apiKey, access.baseUrl]);
    const { create, createBatch } = kindOf(model);
    if (isBatch && createBatch === null) throw new InternalError(`${model.id} has no batch endpoint`);
    const provider = made.get(name) ?? ((isBatch ? createBatch : null) ?? create)({ ...access, clock });
    made.set(name, provider);
    return provider;
  };
}

function accessTo(
  model: PlannedModel,
  env: Environment,
  secrets: { readonly [name: string]: string },
): { readonly apiKey: string | null; readonly baseUrl: string | null } {
  const kind = kindOf(model);
  const usual = kind.keyVariable !== null && takesUsualKey(model, kind, env) ? env[kind.keyVariable] : undefined;
  const apiKey = (model.apiKeySecret === null ? usual : secrets[model.apiKeySecret]) || null;
  const named = env[kind.addressVariable] || null;
  // OLLAMA_HOST is not a URL.
  const usualAddress = model.provider === "ollama" ? ollamaAddress(env["OLLAMA_HOST"]) : named;
  return { apiKey, baseUrl: model.baseUrl ?? usualAddress };
}

/** A key goes to its provider and where its own variable leads: not to any address that a manifest names. */
function takesUsualKey({ baseUrl }: PlannedModel, kind: ProviderKind, env: Environment): boolean {
  return baseUrl === null || baseUrl === env[kind.addressVariable] || kind.isOwn(hostOf(baseUrl));
}

/** Plans hold known providers only, and `auto` is resolved before anybody is asked. */
function kindOf({ provider }: PlannedModel): ProviderKind {
  return kinds[provider as ProviderName];
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
