// SPDX-License-Identifier: Apache-2.0

import { unixSeconds } from '#api/timestamp.ts';
import type { ApiVersion } from '#api/version.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { ContainerSummary } from '#wire/types.gen.ts';
import { networksOf } from './endpoints.ts';
import { manifestDescriptor, toMountPoint } from './shared-json.ts';
import { statusText } from './state-json.ts';

/** One row of `GET /containers/json`. */
export function toSummary(view: ContainerView, version: ApiVersion, now: Date): ContainerSummary {
  const { record, size } = view;
  const { annotations, networkMode } = record.hostConfig;
  const showAnnotations = version.since('1.46') && Object.keys(annotations).length > 0;
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: view.imageShown,
    ImageID: record.imageId,
    ...manifestDescriptor(view, version),
    Command: commandLine(record.path, record.args),
    Created: unixSeconds(record.createdAt),
    Ports: [],
    ...(size && { SizeRw: size.rwBytes, SizeRootFs: size.rootFsBytes }),
    Labels: record.config.labels,
    State: record.state.status,
    Status: statusText(record, now),
    HostConfig: { NetworkMode: networkMode, ...(showAnnotations && { Annotations: annotations }) },
    ...(version.since('1.52') && {
      Health: { Status: record.health?.status ?? 'none', FailingStreak: record.health?.failingStreak ?? 0 },
    }),
    NetworkSettings: { Networks: networksOf(record) },
    Mounts: view.mounts.map(toMountPoint),
  };
}

/** Arguments with blanks in them are quoted, as far as Docker does it. */
const commandLine = (path: string, args: readonly string[]): string =>
  [path, ...args.map((argument) => (argument.includes(' ') ? `'${argument}'` : argument))].join(' ');
