// SPDX-License-Identifier: Apache-2.0
import { Connection, type ConnectionOptions } from '#client/connection.ts';
import { Containers } from '#client/containers.ts';
import { Execs } from '#client/execs.ts';
import type { Endpoint } from '#client/host.ts';
import { Images } from '#client/images.ts';
import { System } from '#client/system.ts';

/** An engine, reached over its HTTP API. Nothing is connected before the first call. */
export class EngineClient {
  readonly connection: Connection;
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly system: System;

  constructor(endpoint: Endpoint, options: ConnectionOptions = {}) {
    this.connection = new Connection(endpoint, options);
    this.containers = new Containers(this.connection);
    this.execs = new Execs(this.connection);
    this.images = new Images(this.connection);
    this.system = new System(this.connection);
  }
}
