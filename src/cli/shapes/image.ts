// SPDX-License-Identifier: Apache-2.0
import { driverData } from '#cli/shapes/container.ts';
import { defineStruct } from '#cli/shapes/define.ts';

const healthcheck = defineStruct(
  'v1.HealthcheckConfig',
  'Test:[]string Interval:int Timeout:int StartPeriod:int StartInterval:int Retries:int',
);
const config = defineStruct(
  'v1.DockerOCIImageConfig',
  `User ExposedPorts:{}any Env:[]string Entrypoint:[]string Cmd:[]string Volumes:{}any WorkingDir Labels:{}string
   StopSignal ArgsEscaped:bool Healthcheck:*healthcheck OnBuild:[]string Shell:[]string`,
  { healthcheck },
);
const rootFs = defineStruct('image.RootFS', 'Type Layers:[]string');
const metadata = defineStruct('image.Metadata', 'LastTagTime');

/** The answer of `GET /images/{name}/json`. */
export const IMAGE_INSPECT = defineStruct(
  'image.InspectResponse',
  `ID=Id RepoTags:[]string RepoDigests:[]string Parent Comment Created Container DockerVersion Author Config:*config
   Architecture Variant Os OsVersion Size:int VirtualSize:int GraphDriver:driverData RootFS:rootFs Metadata:metadata
   Descriptor:*any Manifests:[]any`,
  { config, driverData, rootFs, metadata },
);
