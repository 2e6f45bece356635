/** Decisions by a generator of numbers from 0 to 1. */
export class Chance {
  constructor(readonly next: () => number) {}

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  of<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)]!
  }

  /** True that often. */
  rarely(probability: number): boolean {
    return this.next() < probability
  }
}
