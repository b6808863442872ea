import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createS3Contents } from "../../../../src/engine/remote/s3.ts";
import { s3Place } from "../../../../src/engine/remote/s3-place.ts";
import { ContentFolder } from "../../../../src/engine/workspace/content-folder.ts";
import type { Clock } from "../../../../src/util/clock.ts";
import { systemClock } from "../../../../src/util/clock.ts";
import { environmentOf, startFakeS3, type FakeS3 } from "../../../rig/fake-s3/fake-s3.ts";

let store: FakeS3;
let folder: string;
beforeEach(async () => {
  store = await startFakeS3();
  folder = mkdtempSync(join(tmpdir(), "muster-s3-"));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Waits take no time. */
const clock: Clock = { ...systemClock, after: (_ms, task) => systemClock.after(0, task) };

const text = "what was made\n".repeat(1000);
const content = { sha256: createHash("sha256").update(text).digest("hex"), bytes: Buffer.byteLength(text) };
const { signal } = new AbortController();

function contents(env: { readonly [name: string]: string } = environmentOf(store), name = "s3://bucket/some/prefix") {
  const place = s3Place(name, env);
  if (!place.ok) throw new Error(place.error.join("\n"));
  return createS3Contents(place.value, clock);
}

function fileOf(): string {
  const path = join(folder, "file");
  writeFileSync(path, text);
  return path;
}

describe("contents in an S3-compatible store", () => {
  it("are sent once, under their digest, and come back as they were", async () => {
    const remote = contents();
    expect(await remote.send(content, fileOf(), signal)).toBeNull();
    expect(await remote.send(content, fileOf(), signal)).toBeNull();
    const key = `bucket/some/prefix/${content.sha256}`;
    expect(store.requests).toEqual([`HEAD ${key}`, `PUT ${key}`, `HEAD ${key}`]);
    expect(remote.urlOf(content.sha256)).toBe(`s3://${key}`);
    const into = new ContentFolder(join(folder, "into"));
    expect(await remote.fetch({ path: "a", url: null, ...content }, into)).toBeNull();
    expect(readFileSync(into.pathOf(content.sha256), "utf8")).toBe(text);
  });

  it("are tried again when the store is busy, and not for ever", async () => {
    store.failNext(3);
    expect(await contents().send(content, fileOf(), signal)).toBeNull();
    store.failNext(100);
    expect(await contents().send(content, fileOf(), signal)).toMatchObject({
      class: "network",
      code: "artifact_store",
      message:
        "sending an artifact to s3://bucket/some/prefix failed 4 times: s3://bucket/some/prefix answered 503 SlowDown",
    });
  });

  it("are refused to somebody else, at once", async () => {
    const env = { ...environmentOf(store), AWS_SECRET_ACCESS_KEY: "another-secret" };
    expect(await contents(env).send(content, fileOf(), signal)).toMatchObject({
      class: "auth",
      message: "s3://bucket/some/prefix answered 403 SignatureDoesNotMatch",
    });
    expect(store.objects.size).toBe(0);
  });

  it("say where there is no such bucket, or nobody answers", async () => {
    expect(await contents(environmentOf(store), "s3://other").send(content, fileOf(), signal)).toMatchObject({
      class: "invalid",
      message: "s3://other answered 404 NoSuchBucket",
    });
    const env = { ...environmentOf(store), AWS_ENDPOINT_URL: "http://127.0.0.1:1" };
    expect(await contents(env).send(content, fileOf(), signal)).toMatchObject({ class: "network" });
  });

  it("are not taken when they are not what was put there", async () => {
    store.objects.set(`bucket/some/prefix/${content.sha256}`, Buffer.from("something else"));
    const into = new ContentFolder(join(folder, "into"));
    expect(await contents().fetch({ path: "a", url: null, ...content }, into)).toMatchObject({ code: "artifact_lost" });
    expect(await into.isSound(content.sha256, content.bytes)).toBe(false);
  });
});

describe("the place of a store", () => {
  it("is told by its name and the usual variables", () => {
    const env = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
    const address = (name: string, more: object = {}) => {
      const place = s3Place(name, { ...env, ...more });
      return place.ok ? place.value.address : place.error;
    };
    expect(address("s3://bucket")).toBe("https://bucket.s3.us-east-1.amazonaws.com");
    expect(address("s3://bucket/a/b", { AWS_REGION: "eu-west-1" })).toBe(
      "https://bucket.s3.eu-west-1.amazonaws.com/a/b",
    );
    expect(address("s3://my.bucket")).toBe("https://s3.us-east-1.amazonaws.com/my.bucket");
    expect(address("s3://bucket/a", { AWS_ENDPOINT_URL: "http://127.0.0.1:9000/" })).toBe(
      "http://127.0.0.1:9000/bucket/a",
    );
    expect(address("s3://bucket", { AWS_ENDPOINT_URL: "minio" })).toEqual([
      expect.stringContaining("AWS_ENDPOINT_URL is 'minio'"),
    ]);
  });

  it("lists what is missing", () => {
    expect(s3Place("s3://bucket", { AWS_ACCESS_KEY_ID: " " })).toEqual({
      ok: false,
      error: [
        expect.stringContaining("AWS_ACCESS_KEY_ID is not set"),
        expect.stringContaining("AWS_SECRET_ACCESS_KEY is not set"),
      ],
    });
  });
});
