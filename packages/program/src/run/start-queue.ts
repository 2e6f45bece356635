/** Milliseconds of one turn of the event loop that go to starting containers: one start takes 1 to 4, and ends are dealt with in the same turns. */
const SLICE_MS = 4

/** When this turn began to start some; undefined: it has not. */
let began: number | undefined
const waiting: (() => void)[] = []

/**
 * Do it now, or in a later turn of the event loop where this one has started enough: a caller that starts forty
 * containers at once must not keep its other callers waiting for all of them. In the order in which they came.
 *
 * @param start does its work at once, and returns
 */
export function inTurn<T>(start: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const work = (): void => {
      try {
        resolve(start())
      } catch (error) {
        reject(error)
      }
    }
    if (began === undefined) {
      began = performance.now()
      setImmediate(nextTurn)
    }
    if (waiting.length === 0 && performance.now() - began < SLICE_MS) work()
    else waiting.push(work)
  })
}

function nextTurn(): void {
  began = undefined
  if (waiting.length === 0) return
  began = performance.now()
  setImmediate(nextTurn)
  // At least one, however slow the machine is.
  do waiting.shift()?.()
  while (waiting.length > 0 && performance.now() - began < SLICE_MS)
}
