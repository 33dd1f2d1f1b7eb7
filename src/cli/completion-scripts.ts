// SPDX-License-Identifier: Apache-2.0

/** What can be typed. */
export interface WordTree {
  commands: {
    name: string;
    short: string;
    flags: string[] /** What operands name: `container`, `image` or nothing. */;
    operand: string;
  }[];
}

const CONTAINERS = "hoy ps -a --format '{{.Names}}' 2>/dev/null";
const IMAGES = "hoy images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null";

const groupsOf = (tree: WordTree): string[] => [
  ...new Set(tree.commands.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : []))),
];

const topWords = (tree: WordTree): string[] => [
  ...groupsOf(tree),
  ...tree.commands.filter(({ name }) => !name.includes(' ')).map(({ name }) => name),
];

const groupWords = (tree: WordTree, group: string): string[] =>
  tree.commands.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name.slice(group.length + 1));

const lookUp = (operand: string): string =>
  operand === 'container' ? `$(${CONTAINERS})` : operand === 'image' ? `$(${IMAGES})` : '';

/** A script for bash's `complete`. */
export function bashCompletion(tree: WordTree): string {
  const groups = groupsOf(tree);
  const cases = tree.commands.map(
    ({ name, flags, operand }) =>
      `    '${name}') case "$word" in -*) words='${flags.join(' ')} --help' ;; *) words="${lookUp(operand)}" ;; esac ;;`,
  );
  return `# bash completion for hoy: source <(hoy completion bash)
_hoy() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${topWords(tree).join(' ')} help'
  else
    case "$command" in
${groups.map((group) => `      ${group}) [ "$COMP_CWORD" -eq 2 ] && words='${groupWords(tree, group).join(' ')}' || command="$command \${COMP_WORDS[2]}" ;;`).join('\n')}
    esac
  fi
  case "$command" in
${cases.join('\n')}
  esac
  # Names may hold colons, which bash takes for ends of words.
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$word"
}
complete -o default -F _hoy hoy
`;
}

/** A script for zsh, which runs bash's. */
export function zshCompletion(tree: WordTree): string {
  return `#compdef hoy
# zsh completion for hoy: source <(hoy completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(tree).replace('mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")', 'COMPREPLY=($(compgen -W "$words" -- "$word"))')}`;
}

const quoteFish = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A script for fish. */
export function fishCompletion(tree: WordTree): string {
  const top = tree.commands.filter(({ name }) => !name.includes(' '));
  const atTop = [
    ...groupsOf(tree).map((group) => [group, `Manage ${group}`] as const),
    ...top.map(({ name, short }) => [name, short] as const),
  ].map(([name, short]) => `complete -c hoy -n __fish_use_subcommand -f -a ${name} -d ${quoteFish(short)}`);
  const inGroups = tree.commands
    .filter(({ name }) => name.includes(' '))
    .map(({ name, short }) => {
      const [group = '', word = ''] = name.split(' ');
      return `complete -c hoy -n "__fish_seen_subcommand_from ${group}" -f -a ${word} -d ${quoteFish(short)}`;
    });
  const details = top.flatMap(({ name, flags, operand }) => {
    const condition = `-n "__fish_seen_subcommand_from ${name}"`;
    const words = flags.map(
      (flag) => `complete -c hoy ${condition} ${flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`}`,
    );
    const source = operand === 'container' ? CONTAINERS : operand === 'image' ? IMAGES : '';
    return source ? [...words, `complete -c hoy ${condition} -f -a ${quoteFish(`(${source})`)}`] : words;
  });
  return `# fish completion for hoy: hoy completion fish | source\n${[...atTop, ...inGroups, ...details].join('\n')}\n`;
}
