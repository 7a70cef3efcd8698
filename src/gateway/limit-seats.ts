/** Longer than nearly every call; a longer one says every `STAY_EVERY_MS` that it goes on. */
const SEAT_MS = 90_000;
export const STAY_EVERY_MS = 40_000;
/** In one line: more is a flood, and who comes last would not get in before its deadline anyway. */
const MAX_WAITING = 1_000;

/** Where the seats are kept: an object may be evicted while calls are under way elsewhere. */
export type SeatStore = Readonly<{
  all: () => readonly Readonly<{ id: string; ends: number }>[];
  put: (id: string, ends: number) => void;
  remove: (id: string) => void;
}>;

export type SeatWish = Readonly<{
  id: string;
  who: string;
  /** Seats there are. */
  count: number;
  waitMs: number;
}>;

type Waiting = Readonly<{ id: string; settle: (isSeated: boolean) => void }>;

/**
 * Seats for calls that may be under way at once, and the line of those that wait for one. A free seat
 * goes to each of those who wait in turn, so that the flood of one does not keep the others out.
 */
export class LimitSeats {
  readonly #store: SeatStore;
  readonly #now: () => number;
  /** Until when each is taken, unless its call says otherwise: a Worker can be gone without a word. */
  readonly #seats: Map<string, number>;
  /** By who waits; the first of them is next. */
  readonly #line = new Map<string, Waiting[]>();
  #count = 0;
  #waiting = 0;
  #wake: ReturnType<typeof setTimeout> | undefined;

  constructor(store: SeatStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#seats = new Map(store.all().map(({ id, ends }) => [id, ends]));
  }

  get taken(): number {
    this.#dropEnded();
    return this.#seats.size;
  }

  /** False when there was none in time. */
  async take({ id, who, count, waitMs }: SeatWish): Promise<boolean> {
    this.#count = count;
    this.#seatNext();
    if (this.#waiting === 0 && this.#seats.size < count) {
      this.#put(id);
      return true;
    }
    if (waitMs <= 0 || this.#waiting >= MAX_WAITING) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => this.#withdraw(id), waitMs);
    const settle = (isSeated: boolean): void => {
      clearTimeout(timer);
      this.#waiting -= 1;
      resolve(isSeated);
    };
    this.#waiting += 1;
    this.#line.set(who, [...(this.#line.get(who) ?? []), { id, settle }]);
    this.#wakeAtNextEnd();
    return promise;
  }

  stay(id: string): void {
    if (this.#seats.has(id)) this.#put(id);
  }

  leave(id: string): void {
    if (this.#seats.delete(id)) this.#store.remove(id);
    else this.#withdraw(id);
    this.#seatNext();
  }

  #put(id: string): void {
    const ends = this.#now() + SEAT_MS;
    this.#seats.set(id, ends);
    this.#store.put(id, ends);
  }

  #seatNext(): void {
    this.#dropEnded();
    while (this.#seats.size < this.#count) {
      const next = this.#shift();
      if (next === undefined) break;
      this.#put(next.id);
      next.settle(true);
    }
    this.#wakeAtNextEnd();
  }

  /** The first of who is next, who then goes behind the others. */
  #shift(): Waiting | undefined {
    const [first] = this.#line;
    if (first === undefined) return undefined;
    const [who, [next, ...rest]] = first;
    this.#line.delete(who);
    if (rest.length > 0) this.#line.set(who, rest);
    return next;
  }

  #withdraw(id: string): void {
    for (const [who, waiting] of this.#line) {
      const mine = waiting.find((one) => one.id === id);
      if (mine === undefined) continue;
      const others = waiting.filter((one) => one !== mine);
      if (others.length === 0) this.#line.delete(who);
      else this.#line.set(who, others);
      mine.settle(false);
      return;
    }
  }

  #dropEnded(): void {
    const now = this.#now();
    for (const [id, ends] of this.#seats) {
      if (ends > now) continue;
      this.#seats.delete(id);
      this.#store.remove(id);
    }
  }

  /** Only while somebody waits: a timer keeps the object in memory. */
  #wakeAtNextEnd(): void {
    clearTimeout(this.#wake);
    this.#wake = undefined;
    if (this.#waiting === 0 || this.#seats.size === 0) return;
    const soonest = Math.min(...this.#seats.values());
    this.#wake = setTimeout(() => this.#seatNext(), Math.max(1, soonest - this.#now()));
  }
}
