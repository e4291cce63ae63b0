import type { Masker } from './masking.ts';
import { type WorkflowCommand, parseCommand } from './runner-commands.ts';

/** What a step pinned to its run. Texts are masked. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: string;
}

/** What the runner makes of a step's output. */
export interface StepLog {
  /** One line of the step's output or error stream: the runner treats both alike. */
  readonly read: (line: string) => void;
  /** What a person sees, masked as the runner does it: with the secrets that were known when the line came. */
  readonly lines: readonly string[];
  /** Debug messages, masked; a person sees them only with debug logging. */
  readonly debug: readonly string[];
  readonly annotations: readonly Annotation[];
  /** What `::add-mask::` named. */
  readonly masks: readonly string[];
  /** From the legacy commands `set-output` and `save-state`. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
}

/** What a log is read with. */
export interface StepLogOptions {
  readonly masker: Masker;
  /** Whether debug messages are shown, as with `RUNNER_DEBUG=1`. */
  readonly showDebug: boolean;
  /** Told every line that a person sees. */
  readonly onLine?: (line: string) => void;
}

/** Reads a step's output line by line: obeys workflow commands, masks the rest. */
export function createStepLog({ masker, showDebug, onLine }: StepLogOptions): StepLog {
  const lines: string[] = [];
  const debug: string[] = [];
  const annotations: Annotation[] = [];
  const masks: string[] = [];
  const outputs: Record<string, string> = {};
  const state: Record<string, string> = {};
  let stopToken: string | undefined;

  const show = (text: string): void => {
    for (const line of masker.mask(text).split(/\r\n|\r|\n/)) {
      lines.push(line);
      onLine?.(line);
    }
  };
  const annotate = (level: Annotation['level'], { data, properties }: WorkflowCommand): void => {
    const extra: Record<string, string> = {};
    for (const key of ['title', 'file', 'line']) {
      const value = properties[key];
      if (value !== undefined) extra[key] = masker.mask(value);
    }
    annotations.push({ level, message: masker.mask(data), ...extra });
    show(`##[${level}]${data}`);
  };
  const obey = (command: WorkflowCommand): void => {
    const { name, data, properties } = command;
    if (name === 'error' || name === 'warning' || name === 'notice') annotate(name, command);
    else if (name === 'group' || name === 'endgroup') show(`##[${name}]${name === 'group' ? data : ''}`);
    else if (name === 'set-output') outputs[properties['name'] ?? ''] = data;
    else if (name === 'save-state') state[properties['name'] ?? ''] = data;
    else if (name === 'add-mask') {
      if (data.trim() === '')
        annotate('warning', { ...command, data: "Can't add secret mask for empty string." });
      else masks.push(data);
      masker.add(data);
    } else if (name === 'debug') {
      debug.push(masker.mask(data));
      if (showDebug) show(`##[debug]${data}`);
    } else if (name === 'set-env' || name === 'add-path') {
      annotate('error', { ...command, data: `The \`${name}\` command is disabled.` });
    }
  };
  const read = (line: string): void => {
    const command = parseCommand(line, stopToken);
    if (!command) show(line);
    else if (stopToken !== undefined) {
      if (command.name === stopToken.toLowerCase()) stopToken = undefined;
      show(line);
    } else if (command.name === 'stop-commands') {
      stopToken = command.data;
      show(line);
    } else obey(command);
  };
  return { read, lines, debug, annotations, masks, outputs, state };
}

/** Splits a stream of bytes into lines as the runner does: at `\n`, `\r\n` and also at a lone `\r`. */
export function createLineSplitter(onLine: (line: string) => void): {
  add(chunk: Buffer): void;
  end(): void;
} {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    add(chunk) {
      rest += decoder.decode(chunk, { stream: true });
      // A carriage return at the very end may still be followed by its line feed.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    },
    end() {
      rest += decoder.decode();
      if (rest !== '') onLine(rest.replace(/\r$/, ''));
      rest = '';
    },
  };
}
