// SPDX-License-Identifier: Apache-2.0
import { pipeline } from 'node:stream/promises';
import type { ImageBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { errorMessage, JsonStream, progressMessage } from '#api/json-stream.ts';
import { platformFromText, platformsFrom } from '#api/platform.ts';
import type { Router } from '#api/router.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { Platform } from '#model/image.ts';
import { parseRepoTag } from './repo-tag.ts';

/** What brings whole images in and out: `load`, `save` and `import`. Bodies are never held in memory. */
export function transferRoutes(router: Router, images: ImageBackend): void {
  router.stream('POST', '/images/load', (call) => load(call, images));
  router.stream('POST', '/images/create', (call) => create(call, images));
  router.stream('GET', '/images/get', (call) => save(call, images, call.query.all('names')));
  router.stream('GET', '/images/{name}/get', (call) => save(call, images, [call.param('name')]));
}

function platforms({ query, version }: Call): Platform[] {
  if (version.before('1.48')) return [];
  if (version.before('1.52') && query.all('platform').length > 1) {
    throw invalidParameter(
      'multiple platform parameters are not supported in this API version; use API version 1.52 or later',
    );
  }
  return platformsFrom(query, 'platform');
}

async function load(call: Call, images: ImageBackend): Promise<void> {
  const { query, request, signal } = call;
  const options = { platforms: platforms(call), quiet: query.flag('quiet', true), signal };
  const steps = images.load(request, options)[Symbol.asyncIterator]();
  // What fails before there is anything to tell can still be told by the status.
  let step = await steps.next();
  const output = new JsonStream(call, 'application/json');
  try {
    for (; !step.done; step = await steps.next()) await output.write(progressMessage(step.value));
  } catch (error) {
    await failInBand(output, error);
  }
  output.end();
}

/** Once the answer has begun, an error can only be its last line. */
async function failInBand(output: JsonStream, error: unknown): Promise<void> {
  if (!(error instanceof EngineError)) throw error;
  await output.write(errorMessage(error));
}

async function save(call: Call, images: ImageBackend, refs: string[]): Promise<void> {
  if (refs.length === 0) throw invalidParameter('no image was named: give names=NAME at least once');
  const archive = await images.save(refs, { platforms: platforms(call), signal: call.signal });
  call.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
  await pipeline(archive, call.response, { signal: call.signal }).catch((error) => {
    if (!call.signal.aborted && !call.response.destroyed) throw error;
  });
}

async function create(call: Call, images: ImageBackend): Promise<void> {
  const { query, request, signal, version } = call;
  const fromImage = query.text('fromImage');
  if (fromImage !== '') throw pullIsNotServed(fromImage, query.text('tag'));
  const source = query.text('fromSrc');
  if (source !== '-') {
    throw new EngineError(
      'not-implemented',
      `importing from ${JSON.stringify(source)} is not supported by this version of Hoy: send the archive with fromSrc=-`,
    );
  }
  const target = parseRepoTag(query.text('repo'), query.text('tag'));
  const platform = version.since('1.32') ? platformFromText(query.text('platform')) : undefined;
  const id = await images.import(request, {
    repository: target?.repository ?? '',
    tag: target?.tag ?? '',
    message: query.text('message') || `Imported from ${source}`,
    changes: query.all('changes'),
    ...(platform && { platform }),
    signal,
  });
  const output = new JsonStream(call, 'application/json');
  await output.write({ status: id });
  output.end();
}

function pullIsNotServed(image: string, tag: string): EngineError {
  const name = tag === '' ? image : `${image}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
  return new EngineError(
    'not-implemented',
    `unable to find image '${name}' locally, and this version of Hoy can't pull from registries: use "load" or "import"`,
  );
}
