// SPDX-License-Identifier: Apache-2.0
import { humanAgo } from '#cli/format/duration.ts';
import { parseFamiliar, truncateId } from '#cli/format/reference.ts';
import { formatGoTime } from '#cli/format/time.ts';
import { humanSize } from '#cli/format/units.ts';
import { ellipsis } from '#cli/format/width.ts';
import { joinLabels } from '#cli/rows/labels.ts';
import { describePorts } from '#cli/rows/ports.ts';
import { defineStruct } from '#cli/shapes/define.ts';
import { quote } from '#cli/template/quote.ts';
import { NilPointer, Row, Struct, type StructType } from '#cli/template/value.ts';
import type { ContainerSummary } from '#client/types.ts';

export const CONTAINER_TITLES = {
  ID: 'CONTAINER ID',
  Names: 'NAMES',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Ports: 'PORTS',
  State: 'STATE',
  Status: 'STATUS',
  Size: 'SIZE',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  Platform: 'PLATFORM',
};

const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;

/** One container in `ps` and `system df -v`. `onSize` is told when the template asks for the size. */
export function containerRow(container: ContainerSummary, truncate: boolean, onSize: () => void = () => {}): Row {
  const columns = {
    Command: () => quote(truncate ? ellipsis(container.Command, COMMAND_WIDTH) : container.Command),
    CreatedAt: () => formatGoTime(container.Created),
    ID: () => (truncate ? truncateId(container.Id) : container.Id),
    Image: () => describeImage(container, truncate),
    Labels: () => joinLabels(container.Labels),
    LocalVolumes: () => String((container.Mounts ?? []).filter((mount) => mount.Driver === 'local').length),
    Mounts: () => describeMounts(container, truncate),
    Names: () => describeNames(container.Names ?? [], truncate),
    Networks: () => Object.keys(container.NetworkSettings?.Networks ?? {}).join(','),
    Platform: () => describePlatform(container),
    Ports: () => describePorts(container.Ports ?? []),
    RunningFor: () => humanAgo(container.Created),
    Size: () => {
      onSize();
      return describeSize(container);
    },
    State: () => container.State,
    Status: () => container.Status,
  };
  return new Row('*formatter.ContainerContext', columns, { Label: (name) => container.Labels?.[name] ?? '' });
}

/** Names of links (`/other/alias`) are not shown in the short form. */
function describeNames(names: readonly string[], truncate: boolean): string {
  const plain = names.map((name) => name.slice(1));
  const own = truncate ? plain.find((name) => !name.includes('/')) : undefined;
  return own ?? plain.join(',');
}

function describeImage({ Image: image, ImageID: imageId }: ContainerSummary, truncate: boolean): string {
  if (image === '') return '<no image>';
  if (!truncate) return image;
  const short = truncateId(imageId);
  if (short === truncateId(image)) return short;
  const reference = parseFamiliar(image);
  if (!reference) return image;
  return reference.tag ? `${reference.name}:${reference.tag}` : reference.name;
}

function describeMounts(container: ContainerSummary, truncate: boolean): string {
  return (container.Mounts ?? [])
    .map((mount) => mount.Name || mount.Source || '')
    .map((name) => (truncate ? ellipsis(name, MOUNT_WIDTH) : name))
    .join(',');
}

function describeSize({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const written = humanSize(SizeRw, 3);
  return SizeRootFs > 0 ? `${written} (virtual ${humanSize(SizeRootFs, 3)})` : written;
}

const PLATFORM: StructType = {
  ...defineStruct('formatter.Platform', 'Architecture=architecture OS=os Variant=variant'),
  toText: ({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join('/'),
};

function describePlatform(container: ContainerSummary): unknown {
  const platform = container.ImageManifestDescriptor?.platform;
  if (!platform) return new NilPointer('any');
  const { architecture, os, variant } = platform;
  return new Struct(PLATFORM, { architecture, os, ...(variant && { variant }) }, true);
}
