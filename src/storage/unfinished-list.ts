import { type JsonObject, objectsOf } from '../github/json.ts';
import { noteState, savedState } from '../runner/command-files.ts';

/** What this job has begun in stores and must not stay as it is, noted for the post step. No secret may be in it. */
export class UnfinishedList<Item extends object> {
  readonly #state: string;
  readonly #items = new Map<string, Item>();

  /** @param state the name under which the post step finds it. */
  constructor(state: string) {
    this.#state = state;
  }

  note(key: string, item: Item): void {
    this.#items.set(key, item);
    this.#save();
  }

  forget(key: string): void {
    this.#items.delete(key);
    this.#save();
  }

  /** What the main step of this job has noted last, for its post step. */
  noted(): readonly JsonObject[] {
    return objectsOf(JSON.parse(savedState(this.#state) ?? '[]'));
  }

  #save(): void {
    noteState(this.#state, JSON.stringify([...this.#items.values()]));
  }
}
