import { connectionFailure } from "../../network/connection-failure.ts";
import type { Failure } from "../../run/failure.ts";
import type { Endpoint } from "./endpoint.ts";

/** The failure behind an error of the connection, before any reply began; names the host. */
export function networkFailure(error: unknown, { host, addressFrom, unreachableHelp }: Endpoint): Failure {
  const dnsHelp = `check the network and the spelling of ${addressFrom}`;
  return connectionFailure(error, { host, dnsHelp, refusedHelp: unreachableHelp });
}
