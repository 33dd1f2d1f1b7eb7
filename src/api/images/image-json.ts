// SPDX-License-Identifier: Apache-2.0

import { fromHealthCheck } from '#api/containers/health-check.ts';
import { rfc3339, unixSeconds, ZERO_TIME } from '#api/timestamp.ts';
import type { ApiVersion } from '#api/version.ts';
import type { ImageHistoryRow, ImageRunConfig, ImageView, ManifestView, Platform } from '#model/image.ts';
import type {
  ImageConfig,
  ImageHistoryResponseItem,
  ImageInspect,
  ImageManifestSummary,
  ImageSummary,
} from '#wire/types.gen.ts';

/** One row of `GET /images/json`, where users are counted since 1.51. */
export function toImageSummary(view: ImageView, version: ApiVersion): ImageSummary {
  return { ...toCountedSummary(view, version), ...(version.before('1.51') && { Containers: -1 }) };
}

/** The same for disk usage, which has counted users from the beginning. */
export function toCountedSummary(view: ImageView, version: ApiVersion): ImageSummary {
  const { image } = view;
  const isUntagged = image.repoTags.length === 0 && image.repoDigests.length === 0;
  const showNone = isUntagged && version.before('1.43');
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: showNone ? ['<none>:<none>'] : image.repoTags,
    RepoDigests: showNone ? ['<none>@<none>'] : image.repoDigests,
    Created: image.created ? unixSeconds(image.created) : 0,
    Size: image.sizeBytes,
    SharedSize: view.sharedSizeBytes,
    ...(version.before('1.44') && { VirtualSize: image.sizeBytes }),
    Labels: image.config.labels,
    Containers: view.containers,
    ...(version.since('1.47') && view.manifests.length > 0 && { Manifests: view.manifests.map(toManifest) }),
  };
}

/** `GET /images/{name}/json`. */
export function toImageInspect(view: ImageView, version: ApiVersion, withManifests: boolean): ImageInspect {
  const { image } = view;
  const { platform } = image;
  const comment = image.history.at(-1)?.comment ?? '';
  const keepEmpty = version.before('1.52');
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    ...(keepEmpty && { Parent: '', DockerVersion: '' }),
    ...((keepEmpty || comment !== '') && { Comment: comment }),
    ...createdField(image.created, version),
    ...(version.before('1.45') && { Container: '', ContainerConfig: legacyContainerConfig(image.config) }),
    ...((keepEmpty || image.author !== '') && { Author: image.author }),
    Config: toImageConfig(image.config, version),
    Architecture: platform.architecture,
    ...(platform.variant !== undefined && { Variant: platform.variant }),
    Os: platform.os,
    ...(platform.osVersion !== undefined && { OsVersion: platform.osVersion }),
    Size: image.sizeBytes,
    ...(version.before('1.44') && { VirtualSize: image.sizeBytes }),
    GraphDriver: { Name: view.graph.driver, Data: view.graph.data },
    RootFS: { Type: 'layers', ...(image.diffIds.length > 0 && { Layers: image.diffIds }) },
    Metadata: { LastTagTime: image.lastTaggedAt ? rfc3339(image.lastTaggedAt) : ZERO_TIME },
    ...(withManifests && { Manifests: view.manifests.map(toManifest) }),
  };
}

function createdField(created: Date | undefined, version: ApiVersion): { Created?: string } {
  if (created) return { Created: rfc3339(created) };
  return version.before('1.44') ? { Created: ZERO_TIME } : {};
}

/** What the configuration looked like while it was that of a container: fields that say nothing. */
const CONTAINER_FIELDS = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

const UNSET_FIELDS = {
  User: '',
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

function toImageConfig(config: ImageRunConfig, version: ApiVersion): ImageConfig {
  const older = { ...(version.before('1.50') && CONTAINER_FIELDS), ...(version.before('1.52') && UNSET_FIELDS) };
  return { ...older, ...setFields(config) } as ImageConfig;
}

const legacyContainerConfig = (config: ImageRunConfig) => ({
  ...CONTAINER_FIELDS,
  ...UNSET_FIELDS,
  ...setFields(config),
});

function setFields(config: ImageRunConfig): ImageConfig {
  return {
    ...(config.user !== '' && { User: config.user }),
    ...(config.exposedPorts.length > 0 && { ExposedPorts: asSet(config.exposedPorts) }),
    ...(config.env.length > 0 && { Env: config.env }),
    ...(config.cmd && { Cmd: config.cmd }),
    ...(config.healthcheck && { Healthcheck: fromHealthCheck(config.healthcheck) }),
    ...(config.volumes.length > 0 && { Volumes: asSet(config.volumes) }),
    ...(config.workingDir !== '' && { WorkingDir: config.workingDir }),
    ...(config.entrypoint && { Entrypoint: config.entrypoint }),
    ...(config.onBuild.length > 0 && { OnBuild: config.onBuild }),
    ...(Object.keys(config.labels).length > 0 && { Labels: config.labels }),
    ...(config.stopSignal !== undefined && { StopSignal: config.stopSignal }),
    ...(config.shell && { Shell: config.shell }),
  };
}

const asSet = (names: readonly string[]): Record<string, Record<string, never>> =>
  Object.fromEntries(names.map((name) => [name, {}]));

function toManifest(manifest: ManifestView): ImageManifestSummary {
  return {
    ID: manifest.digest,
    Descriptor: {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.sizeBytes,
      ...(manifest.platform && { platform: toPlatform(manifest.platform) }),
    },
    Available: manifest.available,
    Size: { Content: manifest.contentSizeBytes, Total: manifest.contentSizeBytes + manifest.unpackedSizeBytes },
    Kind: manifest.kind,
    ...(manifest.kind === 'image' && {
      ImageData: {
        Platform: toPlatform(manifest.platform ?? { os: '', architecture: '' }),
        Size: { Unpacked: manifest.unpackedSizeBytes },
        Containers: manifest.containers,
      },
    }),
  };
}

const toPlatform = ({ os, architecture, variant, osVersion }: Platform) => ({
  os,
  architecture,
  ...(variant !== undefined && { variant }),
  ...(osVersion !== undefined && { 'os.version': osVersion }),
});

/** One row of `GET /images/{name}/history`. */
export const toHistoryRow = (row: ImageHistoryRow): ImageHistoryResponseItem => ({
  Id: row.id,
  Created: row.created ? unixSeconds(row.created) : 0,
  CreatedBy: row.createdBy,
  Tags: (row.tags.length > 0 ? row.tags : null) as string[],
  Size: row.sizeBytes,
  Comment: row.comment,
});
