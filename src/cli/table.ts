// SPDX-License-Identifier: Apache-2.0
import type { Entry } from '#cli/command.ts';

/** Commands with commands of their own. */
export const GROUPS: Readonly<Record<string, string>> = {
  container: 'Manage containers',
  image: 'Manage images',
  system: 'Manage Hoy',
};

const forContainer = (name: string, short: string, load: Entry['load'], common?: number): Entry => ({
  names: [`container ${name}`, name],
  short,
  load,
  ...(common !== undefined && { common }),
});

export const COMMANDS: readonly Entry[] = [
  forContainer(
    'run',
    'Create and run a new container from an image',
    async () => (await import('#cli/commands/run.ts')).run,
    1,
  ),
  forContainer(
    'exec',
    'Execute a command in a running container',
    async () => (await import('#cli/commands/exec.ts')).exec,
    2,
  ),
  {
    names: ['container ls', 'container list', 'container ps', 'ps'],
    short: 'List containers',
    common: 3,
    load: async () => (await import('#cli/commands/ps.ts')).ps,
  },
  forContainer(
    'attach',
    'Attach local standard input, output, and error streams to a running container',
    async () => (await import('#cli/commands/attach.ts')).attach,
  ),
  forContainer('create', 'Create a new container', async () => (await import('#cli/commands/create.ts')).create),
  forContainer(
    'diff',
    "Inspect changes to files or directories on a container's filesystem",
    async () => (await import('#cli/commands/diff.ts')).diff,
  ),
  {
    names: ['container inspect'],
    short: 'Display detailed information on one or more containers',
    load: async () => (await import('#cli/commands/inspect.ts')).inspectContainers,
  },
  forContainer('kill', 'Kill one or more running containers', async () => (await import('#cli/commands/kill.ts')).kill),
  forContainer('logs', 'Fetch the logs of a container', async () => (await import('#cli/commands/logs.ts')).logs),
  forContainer(
    'pause',
    'Pause all processes within one or more containers',
    async () => (await import('#cli/commands/pause.ts')).pause,
  ),
  forContainer(
    'port',
    'List port mappings or a specific mapping for the container',
    async () => (await import('#cli/commands/port.ts')).port,
  ),
  {
    names: ['container prune'],
    short: 'Remove all stopped containers',
    load: async () => (await import('#cli/commands/prune-containers.ts')).pruneContainers,
  },
  forContainer('rename', 'Rename a container', async () => (await import('#cli/commands/rename.ts')).rename),
  forContainer(
    'restart',
    'Restart one or more containers',
    async () => (await import('#cli/commands/stop.ts')).restart,
  ),
  {
    names: ['container rm', 'container remove', 'rm'],
    short: 'Remove one or more containers',
    load: async () => (await import('#cli/commands/rm.ts')).rm,
  },
  forContainer(
    'start',
    'Start one or more stopped containers',
    async () => (await import('#cli/commands/start.ts')).start,
  ),
  forContainer(
    'stats',
    'Display a live stream of container(s) resource usage statistics',
    async () => (await import('#cli/commands/stats.ts')).stats,
  ),
  forContainer('stop', 'Stop one or more running containers', async () => (await import('#cli/commands/stop.ts')).stop),
  forContainer(
    'top',
    'Display the running processes of a container',
    async () => (await import('#cli/commands/top.ts')).top,
  ),
  forContainer(
    'unpause',
    'Unpause all processes within one or more containers',
    async () => (await import('#cli/commands/pause.ts')).unpause,
  ),
  forContainer(
    'update',
    'Update configuration of one or more containers',
    async () => (await import('#cli/commands/update.ts')).update,
  ),
  forContainer(
    'wait',
    'Block until one or more containers stop, then print their exit codes',
    async () => (await import('#cli/commands/wait.ts')).wait,
  ),
  {
    names: ['image ls', 'image list', 'images'],
    short: 'List images',
    common: 4,
    load: async () => (await import('#cli/commands/images.ts')).images,
  },
  {
    names: ['image history', 'history'],
    short: 'Show the history of an image',
    load: async () => (await import('#cli/commands/history.ts')).history,
  },
  {
    names: ['image import', 'import'],
    short: 'Import the contents from a tarball to create a filesystem image',
    load: async () => (await import('#cli/commands/import.ts')).importImage,
  },
  {
    names: ['image inspect'],
    short: 'Display detailed information on one or more images',
    load: async () => (await import('#cli/commands/inspect.ts')).inspectImages,
  },
  {
    names: ['image load', 'load'],
    short: 'Load an image from a tar archive or STDIN',
    load: async () => (await import('#cli/commands/load.ts')).load,
  },
  {
    names: ['image prune'],
    short: 'Remove unused images',
    load: async () => (await import('#cli/commands/prune-images.ts')).pruneImages,
  },
  {
    names: ['image rm', 'image remove', 'image rmi', 'rmi'],
    short: 'Remove one or more images',
    load: async () => (await import('#cli/commands/rmi.ts')).rmi,
  },
  {
    names: ['image save', 'save'],
    short: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    load: async () => (await import('#cli/commands/save.ts')).save,
  },
  {
    names: ['image tag', 'tag'],
    short: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    load: async () => (await import('#cli/commands/tag.ts')).tag,
  },
  {
    names: ['system df'],
    short: 'Show disk usage',
    load: async () => (await import('#cli/commands/disk-usage.ts')).diskUsage,
  },
  {
    names: ['system events', 'events'],
    short: 'Get real time events from the server',
    load: async () => (await import('#cli/commands/events.ts')).events,
  },
  {
    names: ['system info', 'info'],
    short: 'Display system-wide information',
    common: 6,
    load: async () => (await import('#cli/commands/info.ts')).info,
  },
  {
    names: ['system prune'],
    short: 'Remove unused data',
    load: async () => (await import('#cli/commands/prune-system.ts')).pruneSystem,
  },
  {
    names: ['inspect'],
    short: 'Return low-level information on containers and images',
    load: async () => (await import('#cli/commands/inspect.ts')).inspect,
  },
  {
    names: ['version'],
    short: 'Show the version of the client and the engine',
    common: 5,
    load: async () => (await import('#cli/commands/version.ts')).version,
  },
  {
    names: ['completion'],
    short: 'Generate the autocompletion script for the specified shell',
    load: async () => (await import('#cli/commands/completion.ts')).completion,
  },
];

/** The command of that name, if there is one. */
export const findEntry = (name: string): Entry | undefined => COMMANDS.find((entry) => entry.names.includes(name));

/** Of the names of a command, the proper one beside `name`: `container ls` for `container list`. */
export function properName(entry: Entry, name: string): string {
  const group = name.includes(' ') ? name.split(' ')[0] : undefined;
  return entry.names.find((other) => (other.includes(' ') ? other.split(' ')[0] : undefined) === group) ?? name;
}
