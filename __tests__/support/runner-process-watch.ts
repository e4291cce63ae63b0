import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of a run, other than the step's own. */
export interface SeenProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** As the process was started with it; empty when it ended before it could be read. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A process that outlived its step. */
export interface LeftProcess {
  readonly after: 'main' | 'post';
  readonly pid: number;
  readonly argv: readonly string[];
}

/** What is watched for while a step runs. */
export interface ProcessWatchOptions {
  /** The value of `RUNNER_TRACKING_ID`, by which the runner knows the processes of a job. */
  readonly trackingId: string;
  /** Told the command line of every process that started during the watch, whoever started it, once per change. */
  readonly onCommandLine: (pid: number, argv: readonly string[]) => void;
}

/** Looks at the machine's processes while a step runs. */
export interface ProcessWatch {
  /** Names the step's own process, as soon as it is known; a later one takes its place. */
  follow(pid: number): void;
  /** Ends the looking. */
  stop(): void;
  /** The processes that the step started, as far as they lived long enough to be seen. */
  seen(): readonly SeenProcess[];
  /** Those of them that are still running. */
  alive(): readonly { readonly pid: number; readonly argv: readonly string[] }[];
  /** The most memory that the process followed now ever had resident, in bytes; undefined when it was never seen. */
  peakRssBytes(): number | undefined;
  /** Ends what is still running, by id, each one checked to be the process that was seen, and waits until it has ended. */
  killAlive(): Promise<void>;
}

interface Known {
  readonly pid: number;
  readonly startTime: string;
  readonly firstSeen: number;
  ours: boolean;
  argv: readonly string[];
  seen?: SeenProcess;
}

/** Often enough for a short `psql`; one look costs well under a millisecond. */
const EVERY_MS = 10;
/** A young process may be about to `exec`; an old one is looked at once in a while. */
const YOUNG_MS = 300;
const OLD_EVERY_TICKS = 20;
const KILL_WITHIN_MS = 3_000;

/** Starts watching. Where there is no `/proc` (macOS, Windows) nothing is ever seen. */
export function watchProcesses(options: ProcessWatchOptions): ProcessWatch {
  return process.platform === 'linux' ? new LinuxWatch(options) : BLIND;
}

const BLIND: ProcessWatch = {
  follow: () => undefined,
  stop: () => undefined,
  seen: () => [],
  alive: () => [],
  peakRssBytes: () => undefined,
  killAlive: () => Promise.resolve(),
};

class LinuxWatch implements ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #known = new Map<number, Known>();
  readonly #ours: Known[] = [];
  readonly #timer: NodeJS.Timeout;
  #before: Set<number>;
  /** Undefined until it is known: 0 would be the session of every process whose leader is outside a container. */
  #root: number | undefined;
  #ticks = 0;
  #peakRss: number | undefined;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.#before = new Set(processIds());
    this.#timer = setInterval(() => {
      this.#look();
    }, EVERY_MS);
  }

  follow(pid: number): void {
    this.#root = pid;
    this.#peakRss = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  seen(): readonly SeenProcess[] {
    return this.#ours.flatMap(({ seen }) => seen ?? []);
  }

  alive(): readonly { readonly pid: number; readonly argv: readonly string[] }[] {
    this.#look();
    return this.#ours.filter(isRunning).map(({ pid, argv }) => ({ pid, argv }));
  }

  peakRssBytes(): number | undefined {
    return this.#peakRss;
  }

  async killAlive(): Promise<void> {
    // Each round also finds what a process had started in the moment before it was ended.
    const until = Date.now() + KILL_WITHIN_MS;
    for (let alive = this.alive(); alive.length > 0 && Date.now() < until; alive = this.alive()) {
      for (const { pid } of alive) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended in between, or belongs to another user.
        }
      }
      await sleep(5);
    }
  }

  #look(): void {
    this.#ticks += 1;
    const now = Date.now();
    const pids = processIds();
    const present = new Set(pids);
    this.#before = new Set(pids.filter((pid) => this.#before.has(pid)));
    for (const pid of this.#known.keys()) if (!present.has(pid)) this.#known.delete(pid);
    for (const pid of pids) {
      if (this.#before.has(pid)) continue;
      const known = this.#known.get(pid) ?? this.#meet(pid, now);
      if (known && (now - known.firstSeen < YOUNG_MS || this.#ticks % OLD_EVERY_TICKS === 0))
        this.#inspect(known);
    }
    if (this.#root === undefined) return;
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(this.#root, 'status'))?.[1];
    if (peak !== undefined) this.#peakRss = Math.max(this.#peakRss ?? 0, Number(peak) * 1024);
  }

  #meet(pid: number, now: number): Known | undefined {
    const stat = readStat(pid);
    if (!stat) return undefined;
    const known: Known = { pid, startTime: stat.startTime, firstSeen: now, ours: false, argv: [] };
    this.#known.set(pid, known);
    return known;
  }

  #inspect(known: Known): void {
    const { pid } = known;
    const argv = splitNul(readProc(pid, 'cmdline'));
    if (argv.length > 0 && argv.join('\0') !== known.argv.join('\0')) {
      known.argv = argv;
      this.#options.onCommandLine(pid, argv);
    }
    if (pid === this.#root) return;
    if (!known.ours && this.#isOurs(pid)) {
      known.ours = true;
      this.#ours.push(known);
    }
    // Between `fork` and `exec` a process shows its parent's command line and environment. Read in this order,
    // an environment belongs to the command line or to a later one.
    const step = this.#root === undefined ? undefined : this.#known.get(this.#root);
    const beforeExec = argv.join('\0') === step?.argv.join('\0');
    if (!known.ours || beforeExec || argv.length === 0) return;
    if (known.seen?.argv.join('\0') === argv.join('\0')) return;
    const pairs = splitNul(readProc(pid, 'environ')).map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    });
    known.seen = { pid, argv, environment: Object.fromEntries(pairs) };
  }

  /** By session (the step's process leads one), by parent, or by the tracking id in the environment. */
  #isOurs(pid: number): boolean {
    const stat = readStat(pid);
    if (!stat) return false;
    return (
      stat.session === this.#root ||
      stat.parent === this.#root ||
      this.#known.get(stat.parent)?.ours === true ||
      readProc(pid, 'environ').includes(`RUNNER_TRACKING_ID=${this.#options.trackingId}`)
    );
  }
}

function processIds(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
}

function isRunning(known: Known): boolean {
  const stat = readStat(known.pid);
  return stat !== undefined && stat.startTime === known.startTime && !['Z', 'X'].includes(stat.state);
}

/** The fields of `/proc/<pid>/stat` that matter (proc_pid_stat(5)); the program's name may hold any character. */
function readStat(
  pid: number,
): { state: string; parent: number; session: number; startTime: string } | undefined {
  const text = readProc(pid, 'stat');
  if (text === '') return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
  };
}

/** A file of a process; empty when the process has ended or belongs to somebody else. */
function readProc(pid: number, file: 'cmdline' | 'environ' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function splitNul(text: string): string[] {
  return text
    .replace(/\0+$/, '')
    .split('\0')
    .filter((part, index) => part !== '' || index > 0);
}
