// SPDX-License-Identifier: Apache-2.0
import { humanAgo } from '#cli/format/duration.ts';
import { truncateId } from '#cli/format/reference.ts';
import { formatRfc3339 } from '#cli/format/time.ts';
import { humanSize } from '#cli/format/units.ts';
import { ellipsis } from '#cli/format/width.ts';
import { Row } from '#cli/template/value.ts';
import type { HistoryItem } from '#client/types.ts';

export const HISTORY_TITLES = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
};

const COMMAND_WIDTH = 45;
/** Older times are placeholders that builders write for reproducible images. */
const OLDEST_SHOWN = Date.UTC(2000, 0, 1) / 1000;

/** One step in an image's history. */
export function historyRow(item: HistoryItem, options: { truncate: boolean; human: boolean }): Row {
  const createdAt = (): string => formatRfc3339(item.Created);
  return new Row('*image.historyContext', {
    Comment: () => item.Comment,
    CreatedAt: createdAt,
    CreatedBy: () => {
      const command = item.CreatedBy.replaceAll('\t', ' ');
      return options.truncate ? ellipsis(command, COMMAND_WIDTH) : command;
    },
    CreatedSince: () => {
      if (!options.human) return createdAt();
      return item.Created <= OLDEST_SHOWN ? 'N/A' : humanAgo(item.Created);
    },
    ID: () => (options.truncate ? truncateId(item.Id) : item.Id),
    Size: () => (options.human ? humanSize(item.Size, 3) : String(item.Size)),
  });
}
