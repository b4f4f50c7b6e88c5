export type ToastTone = 'success' | 'info' | 'error';

export interface Toast {
  id: number;
  tone: ToastTone;
  message: string;
  /** Where to read more; a toast with a link stays until it is dismissed. */
  link?: { to: string; text: string } | undefined;
  /** How often the same message has come while it was there. */
  count: number;
}

export const SLOTS = 3;

/** More than this nobody reads; the oldest waiting ones go, the bell keeps them all. */
const LONGEST_QUEUE = 50;

/**
 * Toasts on the screen, each in a slot of its own for as long as it lives, and those that wait for
 * a slot. A slot is a live region that exists before its message does.
 */
export class ToastStore {
  slots: readonly (Toast | null)[] = Array.from({ length: SLOTS }, () => null);

  #waiting: Toast[] = [];
  #lastId = 0;
  readonly #listeners = new Set<() => void>();

  show(toast: Omit<Toast, 'id' | 'count'>): void {
    if (this.#merge(toast)) return;

    const added = { ...toast, id: ++this.#lastId, count: 1 };
    const slot = this.#slotForNews();
    if (slot >= 0) this.#put(slot, added);
    else this.#waiting = [...this.#waiting, added].slice(-LONGEST_QUEUE);
  }

  dismiss(id: number): void {
    const slot = this.slots.findIndex((toast) => toast?.id === id);
    if (slot >= 0) this.#put(slot, this.#waiting.shift() ?? null);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A free one, or that of the oldest toast that would go by itself: news must not wait for it. */
  #slotForNews(): number {
    const free = this.slots.indexOf(null);
    if (free >= 0) return free;
    const passing = this.slots.filter((toast) => toast !== null && lifetimeOf(toast) !== null);
    const oldest = passing.reduce((a, b) => (a && b && a.id < b.id ? a : b), passing[0] ?? null);
    return oldest ? this.slots.indexOf(oldest) : -1;
  }

  #merge(toast: Omit<Toast, 'id' | 'count'>): boolean {
    const isSame = (other: Toast | null) =>
      other?.message === toast.message && other.tone === toast.tone;

    const slot = this.slots.findIndex(isSame);
    const shown = this.slots[slot];
    if (shown) {
      this.#put(slot, { ...shown, count: shown.count + 1 });
      return true;
    }

    const waiting = this.#waiting.find(isSame);
    if (waiting) waiting.count += 1;
    return waiting !== undefined;
  }

  #put(slot: number, toast: Toast | null): void {
    this.slots = this.slots.with(slot, toast);
    for (const listener of this.#listeners) listener();
  }
}

/** How long a toast stays, in milliseconds; null: until it is dismissed. */
export function lifetimeOf(toast: Pick<Toast, 'tone' | 'message' | 'link'>): number | null {
  if (toast.tone === 'error' || toast.link) return null;
  const wordsOverTen = Math.max(0, toast.message.split(/\s+/).length - 10);
  return 7_000 + Math.ceil(wordsOverTen / 20) * 1_000;
}
