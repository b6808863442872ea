import { err, ok, type Result } from "../../util/result.ts";

/** An S3-compatible store, and who asks it. */
export interface S3Place {
  /** `s3://bucket/prefix`, without a `/` at its end. */
  readonly store: string;
  /** Address of the bucket, without a `/` at its end. */
  readonly address: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

const DEFAULT_REGION = "us-east-1";

/** The place that a manifest and the usual variables name; the error lists what is missing, a sentence each. */
export function s3Place(
  store: string,
  env: { readonly [name: string]: string | undefined },
): Result<S3Place, readonly string[]> {
  const given = (name: string): string | null => env[name]?.trim() || null;
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(store) ?? [];
  const missing = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].filter((name) => given(name) === null);
  const problems = missing.map((name) => `${name} is not set: export it, or drop 'artifacts' from the manifest`);
  const endpoint = given("AWS_ENDPOINT_URL_S3") ?? given("AWS_ENDPOINT_URL");
  if (endpoint !== null && !/^https?:\/\/[^/]/.test(endpoint))
    problems.push(`AWS_ENDPOINT_URL is '${endpoint}': write an address that starts with https:// or http://`);
  if (problems.length > 0) return err(problems);
  const region = given("AWS_REGION") ?? given("AWS_DEFAULT_REGION") ?? DEFAULT_REGION;
  return ok({
    store,
    address: [addressOf(bucket, region, endpoint), prefix].filter((part) => part !== "").join("/"),
    region,
    accessKeyId: given("AWS_ACCESS_KEY_ID") ?? "",
    secretAccessKey: given("AWS_SECRET_ACCESS_KEY") ?? "",
    sessionToken: given("AWS_SESSION_TOKEN"),
  });
}

/** Other stores know a bucket by its path; Amazon by its host, unless a dot in its name breaks the certificate. */
function addressOf(bucket: string, region: string, endpoint: string | null): string {
  if (endpoint !== null) return `${endpoint.replace(/\/+$/, "")}/${bucket}`;
  if (bucket.includes(".")) return `https://s3.${region}.amazonaws.com/${bucket}`;
  return `https://${bucket}.s3.${region}.amazonaws.com`;
}
