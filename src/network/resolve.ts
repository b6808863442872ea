import { isIP, type LookupFunction } from "node:net";
import { hostKey, isPrivateHost } from "../plan/host-pattern.ts";
import { failure, type Failure } from "../run/failure.ts";
import { err, ok, type Result } from "../util/result.ts";
import { connectionFailure } from "./connection-failure.ts";

/** An address that a name leads to. */
export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** Why a host must not be reached, as the end of a sentence; null = it may. `isPrivate` is told of its addresses. */
export type HostGuard = (host: string, isPrivate: boolean) => string | null;

/** Asks the system for all addresses of a name; rejects with the system's error. */
export type Resolve = (host: string) => Promise<readonly HostAddress[]>;

export const systemResolve: Resolve = async (host) => {
  const { lookup } = await import("node:dns/promises");
  return lookup(host, { all: true });
};

/**
 * Looks a host up, once, and checks the name and every address that it leads to: a name that is allowed may lead into a
 * private network all the same. Connect to nothing but these addresses.
 */
export async function checkedAddresses(
  hostname: string,
  guard: HostGuard,
  resolve: Resolve,
): Promise<Result<readonly HostAddress[], Failure>> {
  const host = hostKey(hostname);
  const family = isIP(host);
  const named = guard(host, isPrivateHost(host));
  if (named !== null) return err(denied(named, host));
  if (family !== 0) return ok([{ address: host, family }]);
  let addresses: readonly HostAddress[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    return err(
      connectionFailure(error, { host, dnsHelp: "check the network and the spelling of the host", refusedHelp: null }),
    );
  }
  const refused = addresses.some(({ address }) => isPrivateHost(address)) ? guard(host, true) : null;
  if (refused !== null) return err(denied(refused, host));
  if (addresses.length === 0) return err(failure("network", "dns", `the host ${host} has no address`));
  return ok(addresses);
}

/** For the `lookup` of a socket: no second question whose answer could be another. */
export function pinned(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]?.address ?? "", addresses[0]?.family ?? 4);
  };
}

function denied(reason: string, host: string): Failure {
  return failure("refused", "permission_denied", reason, {
    help: `to allow it: permissions: { network: [${JSON.stringify(host)}] }, here and in the workflows that use this one`,
  });
}
