import { styleText } from 'node:util';

/** Prints the demo's messages. Colours only where the terminal supports them (NO_COLOR is respected). */
export const terminal = {
  /** A heading of the demo. */
  step(text: string): void {
    print(`\n${styleText(['bold', 'cyan'], `▸ ${text}`)}`);
  },

  /** Something that went well. */
  done(text: string): void {
    print(`${styleText('green', '  ✔')} ${text}`);
  },

  /** Something to know. */
  say(text: string): void {
    print(text === '' ? '' : `  ${text}`);
  },

  /** Something that went wrong. */
  failed(text: string): void {
    print(`${styleText('red', '  ✘')} ${text}`);
  },
};

type Style = Parameters<typeof styleText>[0];

const LEVELS: Readonly<Record<string, { readonly word: string; readonly style: Style }>> = {
  error: { word: 'Error', style: ['bold', 'red'] },
  warning: { word: 'Warning', style: 'yellow' },
  notice: { word: 'Notice', style: 'blue' },
  debug: { word: 'Debug', style: 'magenta' },
};

/** Shows the log lines of a step as GitHub shows them. */
export function createLogView(): (line: string) => void {
  let inGroup = false;
  const show = (line: string): void => {
    print(styleText('dim', '  │ ') + line);
  };
  return (line) => {
    const [, kind, text = ''] = /^##\[(\w+)\](.*)$/s.exec(line) ?? [];
    const level = kind === undefined ? undefined : LEVELS[kind];
    if (kind === 'group') show(styleText('bold', `▾ ${text}`));
    else if (level) show(styleText(level.style, `${level.word}: ${text}`));
    else if (kind !== 'endgroup') show((inGroup ? '  ' : '') + line);
    if (kind === 'group' || kind === 'endgroup') inGroup = kind === 'group';
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
