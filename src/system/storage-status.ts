// SPDX-License-Identifier: Apache-2.0
import { BTRFS_MAGIC, EXT4_MAGIC, OVERLAYFS_MAGIC, statfs, TMPFS_MAGIC, XFS_MAGIC } from '#linux/statfs.ts';

/** Docker's names of file systems; ext2 to ext4 share a number. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [BTRFS_MAGIC, 'btrfs'],
  [EXT4_MAGIC, 'extfs'],
  [OVERLAYFS_MAGIC, 'overlayfs'],
  [TMPFS_MAGIC, 'tmpfs'],
  [XFS_MAGIC, 'xfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x6969, 'nfs'],
  [0x65735546, 'fuse'],
]);

/** `DriverStatus` of `docker info`: what the layers lie on. */
export function storageStatus(driver: string, dataRoot: string): [string, string][] {
  const { type } = statfs(dataRoot);
  const rows: [string, string][] = [['Backing Filesystem', FILE_SYSTEMS.get(type) ?? '<unknown>']];
  // An upper directory whose file system has no d_type is refused when it is chosen.
  if (driver === 'overlay2')
    rows.push(['Supports d_type', 'true'], ['Native Overlay Diff', 'true'], ['userxattr', 'false']);
  return rows;
}
