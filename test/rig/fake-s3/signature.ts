import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Who may ask. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/**
 * What is wrong with the signature of a request to S3 (AWS Signature Version 4 in the `authorization` header), as the
 * code of S3's error; null when it is right. Written from the specification, without the library that signs.
 */
export function signatureProblem(request: IncomingMessage, body: Buffer, credentials: Credentials): string | null {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const found = pattern.exec(request.headers.authorization ?? "");
  if (found === null) return "AccessDenied";
  const [, keyId = "", day = "", region = "", names = "", signature = ""] = found;
  if (keyId !== credentials.accessKeyId) return "InvalidAccessKeyId";
  if (region !== credentials.region) return "AuthorizationHeaderMalformed";
  const date = header(request, "x-amz-date");
  const bodyDigest = header(request, "x-amz-content-sha256");
  if (!date.startsWith(day)) return "AccessDenied";
  if (bodyDigest !== createHash("sha256").update(body).digest("hex")) return "XAmzContentSHA256Mismatch";
  const signed = names.split(";");
  if (!["host", "x-amz-date", "x-amz-content-sha256"].every((name) => signed.includes(name))) return "AccessDenied";
  const url = new URL(request.url ?? "/", "http://store");
  const canonical = [
    request.method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .sort()
      .join("&"),
    ...signed.map((name) => `${name}:${header(request, name).trim()}`),
    "",
    names,
    bodyDigest,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer | string>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const expected = createHmac("sha256", key).update(text).digest("hex");
  return expected === signature ? null : "SignatureDoesNotMatch";
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}
