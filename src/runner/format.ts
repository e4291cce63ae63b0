const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** A size in bytes for people, in powers of 1000: `651 MB`, `1.2 GB`, `812 bytes`. */
export function bytes(count: number): string {
  if (count === 1) return '1 byte';
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** A duration in milliseconds for people: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const DAY_MS = 86_400_000;

/** An age in milliseconds for people: `3 h 20 min`, and `12 days` from two days on. */
export function formatAge(milliseconds: number): string {
  const age = Math.max(0, milliseconds);
  return age < 2 * DAY_MS ? duration(age) : count(Math.floor(age / DAY_MS), 'day');
}

/** A count with its noun: `1 table`, `4,200 rows`. */
export function count(number: number, noun: string): string {
  return `${wholeNumber(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Names for an error or the log, ten at most by default: `a, b and 3 more`. */
export function someOf(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** A whole number with commas between thousands. */
export function wholeNumber(number: number): string {
  return number.toLocaleString('en-US');
}

/** A point in time in UTC, to the minute: `2026-11-21 11:45 UTC`. */
export function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
