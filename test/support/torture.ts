// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { END_OF_ARCHIVE, member, tarEntry } from '#tar/writer.ts';
import { BUSYBOX, type Daemon } from './daemon.ts';
import type { Answer } from './http.ts';

/** What a client knows of a container that it asked for: what was acknowledged, and what it only tried. */
export interface Story {
  id: string;
  exitCode: number;
  isStarted: boolean;
  isStopTried: boolean;
  isRemovalTried: boolean;
  isRemoved: boolean;
}

/** The same of an image. */
export interface ImageStory {
  name: string;
  isRemovalTried: boolean;
  isRemoved: boolean;
}

/** Clients that use an engine without a pause, whatever happens to it, and remember what it told them. */
export class Load {
  readonly containers: Story[] = [];
  readonly images: ImageStory[] = [];
  /** Answers that an engine which is only restarted now and then has no reason to give. */
  readonly complaints: string[] = [];
  readonly #daemon: Daemon;
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    const jobs = [this.#containerLife, this.#containerLife, this.#containerLife, this.#imageLife];
    this.#clients = jobs.map((job) => this.#repeat(job));
  }

  /** Lets every client bring what it does to an end. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #repeat(job: (this: Load) => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await job.call(this).catch(async (error: unknown) => {
        if (error instanceof Complaint) this.complaints.push(error.message);
        // The engine was killed under the call: its fate is unknown.
        await sleep(20);
      });
    }
  }

  async #containerLife(): Promise<void> {
    const exitCode = randomInt(1, 100);
    const script = `echo begin; sleep 0.${randomInt(10, 40)}; echo end; exit ${exitCode}`;
    const body = { Image: BUSYBOX, Cmd: ['sh', '-c', script], HostConfig: { NetworkMode: 'none' } };
    const { json } = await this.#call('POST', '/containers/create', [201], body);
    const story: Story = {
      id: json.Id,
      exitCode,
      isStarted: false,
      isStopTried: false,
      isRemovalTried: false,
      isRemoved: false,
    };
    this.containers.push(story);
    const at = `/containers/${story.id}`;
    await this.#call('POST', `${at}/start`, [204, 304]);
    story.isStarted = true;
    if (randomInt(3) === 0) await this.#exec(at);
    if (randomInt(3) === 0) {
      story.isStopTried = true;
      await this.#call('POST', `${at}/stop?t=0`, [204, 304]);
    } else await this.#call('POST', `${at}/wait`, [200]);
    if (randomInt(3) === 0) return;
    story.isRemovalTried = true;
    await this.#call('DELETE', `${at}?force=1`, [204, 404, 409]);
    story.isRemoved = true;
  }

  async #exec(at: string): Promise<void> {
    const { status, json } = await this.#call('POST', `${at}/exec`, [201, 409], { Cmd: ['sh', '-c', 'sleep 0.1'] });
    if (status === 201) await this.#call('POST', `/exec/${json.Id}/start`, [200, 404, 409], { Detach: true });
  }

  async #imageLife(): Promise<void> {
    const image: ImageStory = { name: `torture${this.images.length}:latest`, isRemovalTried: false, isRemoved: false };
    const archive = Buffer.concat([member(tarEntry({ name: 'noise' }), randomBytes(3 << 20)), END_OF_ARCHIVE]);
    const [repo] = image.name.split(':');
    const answer = await this.#call('POST', `/images/create?fromSrc=-&repo=${repo}`, [200], archive);
    if (!/sha256:[0-9a-f]{64}/.test(answer.text)) throw new Error('the answer was cut off');
    this.images.push(image);
    if (randomInt(2) === 0) return;
    image.isRemovalTried = true;
    await this.#call('DELETE', `/images/${image.name}`, [200, 404]);
    image.isRemoved = true;
  }

  async #call(method: string, path: string, expected: number[], body?: unknown): Promise<Answer> {
    const answer = await this.#daemon.api.call(method, path, body === undefined ? {} : { body });
    if (expected.includes(answer.status)) return answer;
    throw new Complaint(`${method} ${path.replace(/[0-9a-f]{64}/, 'ID')}: ${answer.status} ${answer.text.trim()}`);
  }
}

class Complaint extends Error {}
