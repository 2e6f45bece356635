// requires nothing: the work is counted, and takes its time by itself
import { expect, it } from 'vitest'
import { inTurn } from '../src/run/start-queue.js'

const busy = (milliseconds: number): void => {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('one that comes alone is done at once', async () => {
  let isDone = false
  const done = inTurn(() => {
    isDone = true
    return 7
  })
  expect(isDone).toBe(true)
  expect(await done).toBe(7)
  await turn()
})

it('many that come at once are done in their order, over many turns of the loop', async () => {
  const order: number[] = []
  let turnsSeen = 0
  const watch = setInterval(() => turnsSeen++, 0)
  const all = Array.from({ length: 30 }, (_, i) =>
    inTurn(() => {
      busy(3)
      order.push(i)
    }),
  )
  // What is done in the callers' own turn is a small part.
  expect(order.length).toBeLessThan(6)
  await Promise.all(all)
  clearInterval(watch)
  expect(order).toEqual(Array.from({ length: 30 }, (_, i) => i))
  expect(turnsSeen).toBeGreaterThan(2)
})

it('one that fails is told to its caller alone', async () => {
  const first = inTurn(() => busy(20))
  const second = inTurn(() => {
    throw new Error('this one')
  })
  const third = inTurn(() => 'done')
  await expect(second).rejects.toThrow('this one')
  expect([await first, await third]).toEqual([undefined, 'done'])
})
